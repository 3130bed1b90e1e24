package kubeletcfg

import "testing"

func BenchmarkLint(b *testing.B) {
	row, err := load1(b).Find("1.34")
	if err != nil {
		b.Fatal(err)
	}
	files := []Source{{"config.yaml", []byte(kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n")}}
	for b.Loop() {
		Lint(files, LintOptions{Row: row})
	}
}

package limits

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// randomPods are pods whose requests fit into the node together.
func randomPods(random *rand.Rand, n int, memory int64) []*Object {
	var objects []*Object
	left := memory
	for i := range n {
		p := &Pod{Served: random.IntN(2) == 0}
		if p.Served {
			p.QOSClass = "Burstable"
		}
		for j := range 1 + random.IntN(3) {
			request := min(left, random.Int64N(memory/int64(n)+1))
			left -= request
			c := Container{Name: fmt.Sprintf("c%d", j), Type: []ContainerType{App, App, Sidecar}[j]}
			c.Resources.Requests = ResourceList{{"memory", bytesize.Quantity{Whole: request}}}
			if random.IntN(3) == 0 {
				c.Resources.Limits = ResourceList{{"memory", bytesize.Quantity{Whole: request + random.Int64N(2)}}}
			}
			p.Containers = append(p.Containers, c)
		}
		objects = append(objects, &Object{Kind: "Pod", Name: fmt.Sprintf("p%d", i), Pod: p})
	}
	return objects
}

func randomNode(random *rand.Rand) Node {
	node := node16()
	node.MemoryBytes = 1 + random.Int64N(1<<(20+random.IntN(22)))
	node.SwapBytes = random.Int64N(1 << (20 + random.IntN(22)))
	return node
}

func TestContainersNeverGetMoreSwapThanThereIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 150 {
		node := randomNode(random)
		plan := planOf(t, randomPods(random, 1+random.IntN(40), node.MemoryBytes), node)
		totals := plan.Nodes()[0].Totals
		// Each share is rounded in float64, 53 bits: that much may be too much.
		slack := totals.Containers * (1 + node.SwapBytes>>52)
		if totals.SwapLimitBytes > node.SwapBytes+slack || totals.UnreachableSwapBytes < 0 {
			t.Fatalf("%+v on %+v", totals, node)
		}
		for row := range plan.Rows() {
			switch got := *row.SwapLimitBytes; {
			case got < 0, got > node.SwapBytes, *row.MemorySwapMax > got, got-*row.MemorySwapMax >= 4096, *row.MemorySwapMax%4096 != 0:
				t.Fatalf("%+v: %d, %d", row, got, *row.MemorySwapMax)
			}
		}
	}
}

func TestMoreSwapIsNeverLessForAnyone(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		node := randomNode(random)
		pods := randomPods(random, 10, node.MemoryBytes)
		more := node
		more.SwapBytes += random.Int64N(1 << 30)
		small, large := swaps(t, planOf(t, pods, node)), swaps(t, planOf(t, pods, more))
		for i := range small {
			if large[i] < small[i] {
				t.Fatalf("%d with %d of swap, %d with %d", small[i], node.SwapBytes, large[i], more.SwapBytes)
			}
		}
	}
}

func swaps(t *testing.T, p *Plan) (list []int64) {
	t.Helper()
	for row, err := range p.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, *row.SwapLimitBytes)
	}
	return list
}

func TestTheOrderOfTheInputDoesNotMatterToAnyContainer(t *testing.T) {
	v := readVectors(t)
	var objects []*Object
	for i := range v.Pods {
		if j := &v.Pods[i]; j.Metadata.Annotations["kubernetes.io/config.source"] == "" {
			objects = append(objects, j.object(i%2 == 0))
		}
	}
	for name, value := range v.PriorityClasses {
		objects = append(objects, &Object{Kind: "PriorityClass", Name: name, PriorityClass: &PriorityClass{Value: value}})
	}
	objects = append(objects, rangeObject(LimitRangeItem{DefaultRequest: memoryList("64Mi")}))
	want := rowsOf(t, planOf(t, objects))
	slices.Sort(want)
	random := rand.New(rand.NewPCG(1, 3))
	for range 20 {
		random.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		got := rowsOf(t, planOf(t, objects))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatal("another order, another plan")
		}
	}
}

// The arithmetic of the kubelet is not that of whole numbers.
func TestAShareIsDividedFirst(t *testing.T) {
	for _, test := range [][4]int64{
		{300 << 20, 7 << 30, 21 << 30, 943718399}, // 943718400 without floating point
		{1 << 30, 16 << 30, 8 << 30, 512 << 20},
		{16 << 30, 16 << 30, 8 << 30, 8 << 30},
		{1, 16 << 30, 8 << 30, 0},
	} {
		if got := proportional(test[0], test[1], test[2]); got != test[3] {
			t.Errorf("%d of %d, %d: %d, want %d", test[0], test[1], test[2], got, test[3])
		}
	}
}

func FuzzAmount(f *testing.F) {
	for _, text := range []string{
		"0", "1", "1.5", "100m", "1u", "500n", "0.1n", "1073741823.9999", "8Ei", "16Ei", "9223372036854775807", "9223372036854775808",
		"9223372036854775807.5", "9223372036854775.8071", "-1", "-1n", "1e9", "1e30", "12E3", "0.000000001Gi", "347501642m", "1e-3", "999999999999.999999999",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := bytesize.ParseQuantity(text) // equal to Kubernetes's: FuzzQuantity
		if err != nil {
			return
		}
		got, err := exactly(q)
		if refused := q.Sign() < 0 || q.TooLarge(); refused != (err != nil) {
			t.Fatalf("%s: %v", text, err)
		}
		if err != nil {
			return
		}
		theirs := resource.MustParse(text)
		if got.bytes() != theirs.Value() {
			t.Fatalf("%s is %d bytes, want %d", text, got.bytes(), theirs.Value())
		}
		for number, format := range map[int]resource.Format{memory: resource.BinarySI, cpu: resource.DecimalSI} {
			if got.whole >= maxNano {
				continue // theirs has more digits
			}
			exact := theirs.DeepCopy()
			if want := resource.NewDecimalQuantity(*exact.AsDec(), format).String(); got.quantity(number) != want {
				t.Fatalf("%s is written as %s, want %s", text, got.quantity(number), want)
			}
		}
		up := theirs.DeepCopy()
		up.RoundUp(resource.Milli)
		if rounded, ok := got.roundedUp(); ok {
			have := new(big.Rat).Add(new(big.Rat).SetInt64(rounded.whole), big.NewRat(int64(rounded.nanos), nanosPerWhole))
			if want, _ := new(big.Rat).SetString(up.AsDec().String()); have.Cmp(want) != 0 {
				t.Fatalf("%s is rounded to %v, want %v", text, rounded, want)
			}
		}
	})
}

func TestAmountsAddUpAndReadAsTheyAreWritten(t *testing.T) {
	for _, test := range []struct{ a, b, sum string }{
		{"1", "2", "3"}, {"500m", "500m", "1"}, {"1500m", "700m", "2200m"}, {"1Gi", "1Gi", "2Gi"}, {"1n", "999999999n", "1"},
		{"0.9999", "0", "999900u"},
	} {
		x, _ := exactly(quantity(test.a))
		y, _ := exactly(quantity(test.b))
		if got := x.plus(y).quantity(memory); got != test.sum {
			t.Errorf("%s + %s = %s, want %s", test.a, test.b, got, test.sum)
		}
	}
	huge := amount{whole: 1<<63 - 1}
	if sum := huge.plus(amount{nanos: 1}); sum.cmp(huge) <= 0 || sum.plus(huge).cmp(huge) <= 0 || sum.bytes() < 0 {
		t.Errorf("%+v", sum)
	}
}

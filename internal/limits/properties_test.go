package limits

import (
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
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
			c.Resources.Requests = ResourceList{{"memory", *resource.NewQuantity(request, resource.BinarySI)}}
			if random.IntN(3) == 0 {
				c.Resources.Limits = ResourceList{{"memory", *resource.NewQuantity(request+random.Int64N(2), resource.BinarySI)}}
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
	limit := new(big.Rat).SetInt64(1<<63 - 1)
	f.Fuzz(func(t *testing.T, text string) {
		if i := strings.IndexAny(text, "eE"); len(text) > 64 || i >= 0 && len(text)-i > 4 {
			return // this test would write it out
		}
		q, err := resource.ParseQuantity(text)
		if err != nil {
			return
		}
		before := q.String()
		got, err := exactly(&q)
		if q.String() != before {
			t.Fatalf("%s has become %s", before, q.String())
		}
		dec := q.DeepCopy()
		value, ok := new(big.Rat).SetString(dec.AsDec().String())
		if !ok {
			t.Fatal(dec.AsDec())
		}
		if refused := value.Sign() < 0 || value.Cmp(limit) > 0; refused != (err != nil) {
			t.Fatalf("%s: %v", text, err)
		}
		if err != nil {
			return
		}
		have := new(big.Rat).Add(new(big.Rat).SetInt64(got.whole), big.NewRat(int64(got.nanos), nanosPerWhole))
		if have.Cmp(value) != 0 || got.bytes() != q.Value() && got.whole < 1<<63-1 {
			t.Fatalf("%s is %v, %d bytes", text, got, got.bytes())
		}
		up := q.DeepCopy()
		up.RoundUp(resource.Milli)
		rounded, ok := got.roundedUp()
		if want, _ := exactly(&up); ok && rounded != want {
			t.Fatalf("%s is rounded to %v, want %v", text, rounded, want)
		}
	})
}

func TestAmountsAddUpAndReadAsTheyAreWritten(t *testing.T) {
	for _, test := range []struct{ a, b, sum string }{
		{"1", "2", "3"}, {"500m", "500m", "1"}, {"1500m", "700m", "2200m"}, {"1Gi", "1Gi", "2Gi"}, {"1n", "999999999n", "1"},
		{"0.9999", "0", "999900u"},
	} {
		a, b := resource.MustParse(test.a), resource.MustParse(test.b)
		x, _ := exactly(&a)
		y, _ := exactly(&b)
		if got := x.plus(y).quantity(resource.BinarySI); got != test.sum {
			t.Errorf("%s + %s = %s, want %s", test.a, test.b, got, test.sum)
		}
	}
	huge := amount{whole: 1<<63 - 1}
	if sum := huge.plus(amount{nanos: 1}); sum.cmp(huge) <= 0 || sum.plus(huge).cmp(huge) <= 0 || sum.bytes() < 0 {
		t.Errorf("%+v", sum)
	}
}

func TestAHugeExponentIsRefusedAtOnce(t *testing.T) {
	for _, text := range []string{"922394E770000000000", "1e1000000000", "-1e1000000000"} {
		o := podOf(t, web("{}"))
		o.Pod.Containers[0].Resources.Limits = memoryList(text)
		if _, err := plannedWith(Options{Nodes: []Node{node16()}}, []*Object{o}); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestEveryWarningIsSaidOnceAndManyAreCounted(t *testing.T) {
	var objects []*Object
	for i := range 70 {
		pod := podOf(t, web(`{"requests": {"memory": "100m"}}`))
		pod.Name, pod.Pod.PriorityClassName = fmt.Sprintf("p%d", i), "gold"
		objects = append(objects, pod, &Object{Kind: "Service"}, &Object{Kind: fmt.Sprintf("Kind%d", i)})
	}
	node := &NodeObject{MemoryCapacity: new(int64)}
	objects = append(objects, &Object{Kind: "Node", Name: "x", Node: node}, &Object{})
	bare := node16()
	bare.CgroupVersion, bare.SwapController = 1, false
	plan := planOf(t, objects, bare)
	said := map[string]int{}
	for _, w := range plan.Warnings() {
		said[w.Message]++
		if strings.Contains(w.Message, "100m is not a whole number of bytes") && w.Object == "" {
			t.Error("no object", w)
		}
	}
	for message, n := range map[string]int{
		"memory 100m is not a whole number of bytes":                                                                         manyWarnings,
		"20 objects more like these: memory that is not a whole number of bytes":                                             1,
		"70 objects of kind Service left out: no pods in them":                                                               1,
		"1 object of kind Kind7 left out: no pods in them":                                                                   1,
		"22 objects of kind other kinds left out: no pods in them":                                                           1,
		"1 Node in the input not used: the nodes to plan for were given":                                                     1,
		"node n: the kernel does not limit swap; any container may use all of it":                                            1,
		"node n: cgroup v1, on which a kubelet 1.37 does not start unless failCgroupV1 is false":                             1,
		"its PriorityClass gold (and of 69 more pods) is not in the input, so its priority is not known; it is not critical": 1,
	} {
		if said[message] != n {
			t.Errorf("%q: %d times, want %d in %v", message, said[message], n, slices.Sorted(maps.Keys(said)))
		}
	}
}

func TestAnInputWithoutPodsSaysSo(t *testing.T) {
	plan, err := plannedWith(Options{Default: func() ([]Node, error) { return []Node{node16()}, nil }}, []*Object{{Kind: "Service"}})
	if err != nil || len(plan.Warnings()) != 2 || plan.Nodes()[0].Name != "n" {
		t.Error(plan, err)
	}
	if _, err := plannedWith(Options{}, nil); err == nil || !strings.Contains(err.Error(), "there is no node") {
		t.Error(err)
	}
}

func TestExplainKnowsEveryObjectOfTheName(t *testing.T) {
	objects := []*Object{podOf(t, web("{}")), workload(t, "Deployment", web("{}")), podOf(t, strings.Replace(web("{}"), "web", "other", 1))}
	plan := planOf(t, objects)
	for name, want := range map[string]int{"web": 2, "Deployment/web": 1, "other": 1, "nobody": 0} {
		list, err := plan.Explain("default", name)
		if len(list) != want || (err != nil) != (want == 0) {
			t.Errorf("%s: %d, %v", name, len(list), err)
		}
	}
	if _, err := plan.Explain("elsewhere", "web"); err == nil {
		t.Error("found in another namespace")
	}
}

package limits

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
)

// file is a Spool in memory that can break.
type file struct {
	bytes.Buffer
	writeErr, readErr error
	closed            bool
}

func (f *file) Write(b []byte) (int, error) {
	if f.writeErr != nil {
		return 0, f.writeErr
	}
	return f.Buffer.Write(b)
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	if f.readErr != nil {
		return 0, f.readErr
	}
	return bytes.NewReader(f.Bytes()).ReadAt(b, at)
}

func (f *file) Close() error { f.closed = true; return nil }

// manyPods fill the spool beyond what stays in memory; one of them has a record
// that is larger than any chunk.
func manyPods(t testing.TB) []*Object {
	var objects []*Object
	few := clusterObjects(500)
	for range 120 {
		objects = append(objects, few...)
	}
	large := workload(t, "DaemonSet", web("{}"))
	for i := range 9000 {
		large.Pod.Containers = append(large.Pod.Containers, Container{Name: fmt.Sprintf("%s-%d", strings.Repeat("x", 40), i), Type: App})
	}
	large.Pod.NodeSelector = map[string]string{"a": "b"}
	return slices.Insert(objects, 30_000, large)
}

func TestManyPodsGoToAFileAndComeBackTheSame(t *testing.T) {
	objects := manyPods(t)
	f := &file{}
	opened := 0
	p := NewPlanner(Options{Nodes: []Node{node16()}, Spool: func() (Spool, error) { opened++; return f, nil }})
	for _, o := range objects {
		if err := p.Add(o); err != nil {
			t.Fatal(err)
		}
		if p.plan.spool.kept > inMemory+2*chunkBytes {
			t.Fatalf("%d bytes are kept", p.plan.spool.kept)
		}
	}
	plan, err := p.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if opened != 1 || f.Len() < inMemory {
		t.Errorf("opened %d times, %d bytes", opened, f.Len())
	}
	inMemory := planOf(t, objects)
	if plan.Nodes()[0].Totals != inMemory.Nodes()[0].Totals {
		t.Errorf("%+v, want %+v", plan.Nodes()[0], inMemory.Nodes()[0])
	}
	// Both at the same time, row by row.
	next, stop := iter.Pull2(inMemory.Rows())
	defer stop()
	n := 0
	for row, err := range plan.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := next()
		if row.Pod != want.Pod || row.Container != want.Container || row.Namespace != want.Namespace ||
			*row.SwapLimitBytes != *want.SwapLimitBytes || row.Reason != want.Reason || row.MemoryLimitBytes != want.MemoryLimitBytes {
			t.Fatalf("row %d: %+v, want %+v", n, row, want)
		}
		n++
	}
	if n < 60_000+9000 {
		t.Errorf("%d rows", n)
	}
	if _, _, more := next(); more {
		t.Error("rows are missing")
	}
	if err := plan.Close(); err != nil || !f.closed {
		t.Errorf("closed %v, %v", f.closed, err)
	}
}

func TestABrokenFileIsAnErrorNotAShortPlan(t *testing.T) {
	full := errors.New("no space left on device")
	for name, f := range map[string]func() (Spool, error){
		"cannot be opened":  func() (Spool, error) { return nil, full },
		"cannot be written": func() (Spool, error) { return &file{writeErr: full}, nil },
		"cannot be read":    func() (Spool, error) { return &file{readErr: full}, nil },
	} {
		_, err := plannedWith(Options{Nodes: []Node{node16()}, Spool: f}, manyPods(t))
		if !errors.Is(err, full) || !strings.Contains(err.Error(), "keep the pods in a temporary file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := &file{}
	plan, err := plannedWith(Options{Nodes: []Node{node16()}, Spool: func() (Spool, error) { return f, nil }}, manyPods(t))
	if err != nil {
		t.Fatal(err)
	}
	f.Truncate(f.Len() / 2) // somebody else has done it
	var last error
	for _, err := range plan.Rows() {
		last = err
	}
	if !errors.Is(last, errSpool) || !errors.Is(last, io.EOF) {
		t.Error(last)
	}
}

func TestARecordComesBackAsItWas(t *testing.T) {
	for _, o := range []*Object{
		podOf(t, `{"metadata": {"name": "web", "uid": "1", "annotations": {"kubernetes.io/config.mirror": "", "kubernetes.io/config.source": "http"}},
			"status": {"qosClass": "Guaranteed", "phase": "Failed"},
			"spec": {"nodeName": "n", "priority": -5, "priorityClassName": "gold", "resources": {"requests": {"cpu": "1u"}, "limits": {"hugepages-2Mi": "2Mi"}},
			"initContainers": [{"name": "a", "restartPolicy": "Always", "resources": {"limits": {"memory": "1.000000001"}}}, {"name": "b"}],
			"containers": [{"name": "c", "resources": {"requests": {"memory": "8Ei", "cpu": "0"}, "limits": {"cpu": "500m"}}}],
			"ephemeralContainers": [{"name": "d"}]}}`),
		workload(t, "DaemonSet", `{"metadata": {"name": "agent", "namespace": "x"}, "spec": {"nodeSelector": {"a": "b"}, "containers": [{"name": "c"}]}}`),
	} {
		var c converter
		o.UID, o.Owner = 1, Owner{UID: 2, Kind: "ReplicaSet", Name: "web-5d9c7b"}
		o.Pod.Before, o.Pod.Wrapper = 300, true
		o.Source = Source{File: "f", Document: 300, Item: -1, Line: 70_000}
		want, refused := c.convert(o, o.Namespace, false)
		if refused != nil {
			t.Fatal(refused)
		}
		want.place = place{0, 300, -1, 70_000}
		var a atoms
		a.put(atomFile, "f")
		record := appendRecord(nil, want, &a)
		r := reading{atoms: a.text}
		got := pod{containers: make([]container, 1, 8), level: want.level}
		got.containers[0].hugepages = true // left over from another pod
		r.read(record, &got)
		got.place = r.place()
		text := func(p pod) string {
			p.priority, p.hasPriority, p.stands, p.workload, p.replicas = 0, false, false, "", 0
			return fmt.Sprintf("%+v", p)
		}
		if text(got) != text(*want) {
			t.Errorf("%s\nwant\n%s", text(got), text(*want))
		}
	}
}

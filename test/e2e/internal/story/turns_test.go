package story

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestTurnsGiveAClusterToOneStory: the others go on meanwhile, and all have their turn.
func TestTurnsGiveAClusterToOneStory(t *testing.T) {
	turns := NewTurns(3, "cluster", func(string) {})
	var alone, done atomic.Int32
	var all sync.WaitGroup
	for _, lane := range []string{"cluster", "uml", "cluster", "uml", "uml", "cluster", "cluster"} {
		turn := turns.Join(Run{Lane: lane})
		all.Go(func() {
			turn.Wait()
			if lane == "cluster" && alone.Add(1) > 1 {
				t.Error("two stories have the cluster")
			}
			time.Sleep(5 * time.Millisecond)
			if lane == "cluster" {
				alone.Add(-1)
			}
			done.Add(1)
			turn.Done()
		})
	}
	turns.Begin()
	all.Wait()
	if done.Load() != 7 {
		t.Errorf("%d stories ran, want 7", done.Load())
	}
}

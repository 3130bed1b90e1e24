package story

import "sync"

// Turns decides which story runs when. Runs of the slow lanes come from one end
// of the queue and those of the fast lane from the other. So an emulator that
// can use two processors mostly runs beside one that uses one, and stories of
// the same lane follow each other, which lets them share machines.
type Turns struct {
	mu      sync.Mutex
	queue   []*Turn
	workers int
	lanes   map[string]int // number of runs of a lane that are not done yet
	last    func(lane string)
}

// Turn is a place in the queue.
type Turn struct {
	turns *Turns
	lane  string
	front bool // it was taken from the front of the queue
	comes chan struct{}
}

// NewTurns returns an empty queue; workers is how many runs may run at a time,
// and last is called when a lane has no more runs.
func NewTurns(workers int, last func(lane string)) *Turns {
	return &Turns{workers: workers, lanes: map[string]int{}, last: last}
}

// Join puts a run at the end of the queue.
func (s *Turns) Join(run Run) *Turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := &Turn{turns: s, lane: run.Lane, comes: make(chan struct{})}
	s.queue = append(s.queue, turn)
	s.lanes[run.Lane]++
	return turn
}

// Begin starts the first runs; Join must not be called after it.
func (s *Turns) Begin() {
	for i := range s.workers {
		s.next(i%2 == 0)
	}
}

// Wait returns when it is this run's turn.
func (t *Turn) Wait() { <-t.comes }

// Done ends the turn and starts another one.
func (t *Turn) Done() {
	t.turns.mu.Lock()
	t.turns.lanes[t.lane]--
	over := t.turns.lanes[t.lane] == 0
	t.turns.mu.Unlock()
	if over {
		t.turns.last(t.lane)
	}
	t.turns.next(t.front)
}

func (s *Turns) next(front bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return
	}
	at := len(s.queue) - 1
	if front {
		at = 0
	}
	turn := s.queue[at]
	s.queue = append(s.queue[:at], s.queue[at+1:]...)
	turn.front = front
	close(turn.comes)
}

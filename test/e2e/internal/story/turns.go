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
	lanes   map[string]int // runs of a lane not yet done
	alone   string         // the lane of which one runs at a time
	busy    bool           // that is the case now
	last    func(lane string)
}

// Turn is a place in the queue.
type Turn struct {
	turns *Turns
	lane  string
	front bool // it was taken from the front of the queue
	comes chan struct{}
}

// NewTurns returns an empty queue for so many runs at a time, but only one of the lane alone; last is called when a lane has no more of them.
func NewTurns(workers int, alone string, last func(lane string)) *Turns {
	return &Turns{workers: workers, alone: alone, lanes: map[string]int{}, last: last}
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
	if t.lane == t.turns.alone {
		t.turns.busy = false
	}
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
	at := s.first(front)
	if at < 0 {
		return
	}
	turn := s.queue[at]
	s.queue = append(s.queue[:at], s.queue[at+1:]...)
	s.busy = s.busy || turn.lane == s.alone
	turn.front = front
	close(turn.comes)
}

// first is the index of the first turn, from that end, that may come now; -1 when there is none. The lock is held.
func (s *Turns) first(front bool) int {
	for i := range s.queue {
		at := i
		if !front {
			at = len(s.queue) - 1 - i
		}
		if !s.busy || s.queue[at].lane != s.alone {
			return at
		}
	}
	return -1
}

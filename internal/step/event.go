package step

// EventKind is what happens to a step.
type EventKind int

// Kinds of Event. A run of Do is Begin, any number of Progressing, then
// Finished or Failed; a run of Undo is Undoing, Progressing, then Undone or
// Failed; a restart is Restarting, then Restarted or Failed, and its Info names the unit.
const (
	Begin EventKind = iota
	Progressing
	Finished
	Undoing
	Undone
	Failed
	Restarting
	Restarted
)

// Event says what happens in a run.
type Event struct {
	Kind       EventKind
	Info       Info
	Err        error // with Failed
	DoneBytes  int64 // with Progressing
	TotalBytes int64 // with Progressing; 0: not known
	// Step of Steps, the first is 1: of those that the run has to do or to
	// undo. Both are 0 with restarts, and when a failed run is undone.
	Step, Steps int
}

package step

import "errors"

// Remark is the error of an Undo after which nothing of the step is left that it
// could take back: what it says is for people to know.
type Remark struct{ Err error }

// Error implements error.
func (r *Remark) Error() string { return r.Err.Error() }

// Unwrap returns what it says.
func (r *Remark) Unwrap() error { return r.Err }

// Remarks puts what several parts of an Undo say into one: an error that is none
// of them comes first, and the step is not undone.
func Remarks(errs ...error) error {
	var said []error
	for _, err := range errs {
		remark, ok := errors.AsType[*Remark](err)
		switch {
		case err != nil && !ok:
			return err
		case ok:
			said = append(said, remark.Err)
		}
	}
	if len(said) == 0 {
		return nil
	}
	return &Remark{Err: errors.Join(said...)}
}

// NotUndone reports whether an error of Undo is more than a remark.
func NotUndone(err error) bool {
	_, remark := errors.AsType[*Remark](err)
	return err != nil && !remark
}

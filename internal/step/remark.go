package step

import "errors"

// Remark is the error of an Undo that has left nothing it could undo: a message
// for the user.
type Remark struct{ Err error }

// Error implements error.
func (r *Remark) Error() string { return r.Err.Error() }

// Unwrap returns what it says.
func (r *Remark) Unwrap() error { return r.Err }

// Remarks joins the errors of several parts of an Undo: an error that is not a
// Remark comes first, and the step is not undone.
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

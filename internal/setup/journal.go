package setup

import (
	"context"
	"errors"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/status"
	"github.com/swapctl/swapctl/internal/step"
)

// JournalState reads the journal and compares it with the node, changing
// nothing: the last goal, which areas are ours, and which steps are not in
// effect, or still to be undone.
func JournalState(ctx context.Context, h host.Host) (status.Journal, error) {
	j, err := step.ReadJournal(h, JournalPath)
	if err != nil {
		return status.Journal{}, err
	}
	state := status.Journal{Goal: j.Goal}
	var ids []string
	for _, r := range j.Records {
		if _, err := kinds().Build(r, step.Mode{}); err != nil {
			return state, err
		}
		if target, ok := area.OnTarget(r); ok {
			state.Areas = append(state.Areas, status.Managed{Path: target.Path, Mapping: target.Mapping})
		}
		ids = append(ids, r.ID)
	}
	restarts, err := engine(h, DownOptions{}).PendingRestarts(ctx, j)
	if err != nil {
		return state, err
	}
	state.Restarts = step.UnitsOf(restarts)
	switch j.Goal {
	case step.GoalDown:
		state.Pending = ids
	case step.GoalUp:
		state.Pending = pending(ctx, h, j, ids)
	}
	return state, nil
}

// pending lists the steps that are not in effect. If that cannot be found out,
// for example because the device is missing, all of them are; setup reports
// why, and what blocks a step.
func pending(ctx context.Context, h host.Host, j step.Journal, all []string) []string {
	n, err := goalNode(h, j)
	for i := range n.areas {
		err = errors.Join(err, n.areas[i].Find(h))
	}
	if err != nil {
		return all
	}
	steps, err := n.bootSteps(j, step.Mode{Boot: true})
	if err != nil {
		return all
	}
	items, _ := engine(h, DownOptions{}).Look(ctx, steps, j)
	var ids []string
	for _, it := range items {
		if it.State != step.ItemDone {
			ids = append(ids, it.Info.ID)
		}
	}
	return ids
}

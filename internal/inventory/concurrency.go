package inventory

import (
	"context"
	"fmt"
	"sync"
)

// parallel is how many calls of one kind are under way at once; there are at most three kinds. Okta limits concurrent requests apart from their rate ("even large
// bulk loads rarely require more than 10 simultaneous transactions", its reference says of those limits).
const parallel = 4

// result is the answer of one call.
type result[T any] struct {
	value T
	err   error
}

// attempt calls read. A panic of it is its error, so that one broken answer loses none of the others.
func attempt[T any](read func() (T, error)) (r result[T]) {
	defer func() {
		if cause := recover(); cause != nil {
			r = result[T]{err: fmt.Errorf("reading panicked: %v", cause)}
		}
	}()
	value, err := read()
	return result[T]{value, err}
}

// together runs tasks, at most parallel at a time, and returns when all have returned. A task must not panic and must not
// write what another reads or writes.
func together(tasks ...func()) {
	var wg sync.WaitGroup
	free := make(chan struct{}, parallel)
	for _, task := range tasks {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			task()
		})
	}
	wg.Wait()
}

// readEach calls read for every key and returns the answers in the order of keys. Once ctx has ended it calls no more.
func readEach[T any](ctx context.Context, keys []string, read func(context.Context, string) (T, error)) []result[T] {
	results := make([]result[T], len(keys))
	tasks := make([]func(), len(keys))
	for i, key := range keys {
		tasks[i] = func() {
			if err := ctx.Err(); err != nil {
				results[i].err = err
				return
			}
			results[i] = attempt(func() (T, error) { return read(ctx, key) })
		}
	}
	together(tasks...)
	return results
}

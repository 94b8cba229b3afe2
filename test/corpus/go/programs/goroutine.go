package main

import (
	"errors"
	"sync"
)

type worker struct{ id int }

func (w worker) work(wait *sync.WaitGroup) {
	defer wait.Done()
	if w.id == 2 {
		panic(errors.New("worker 2: no rows"))
	}
}

func main() {
	var wait sync.WaitGroup
	wait.Add(1)
	go worker{2}.work(&wait)
	wait.Wait()
}

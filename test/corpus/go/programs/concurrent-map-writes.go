package main

import "sync"

func main() {
	seen := map[int]int{}
	var wait sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		wait.Add(1)
		go func(worker int) {
			defer wait.Done()
			for row := 0; row < 100000000; row++ {
				seen[row%8] = worker
			}
		}(worker)
	}
	wait.Wait()
}

package main

import "sync"

func main() {
	rows := make(chan int)
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		rows <- 1
		wait.Done()
	}()
	wait.Wait()
}

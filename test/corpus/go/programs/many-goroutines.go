package main

import (
	"sync"
	"time"
)

func wait(mutex *sync.Mutex) {
	mutex.Lock()
	defer mutex.Unlock()
}

func main() {
	var mutex sync.Mutex
	mutex.Lock()
	for worker := 0; worker < 3; worker++ {
		go wait(&mutex)
	}
	time.Sleep(50 * time.Millisecond)
	panic("workers are stuck")
}

package main

import "fmt"

func guard() {
	if r := recover(); r != nil {
		panic(fmt.Sprintf("job failed: %v", r))
	}
}

func main() {
	defer guard()
	var rows []int
	_ = rows[3]
}

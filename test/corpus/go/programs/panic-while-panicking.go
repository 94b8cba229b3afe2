package main

import "os"

func cleanUp() {
	if _, err := os.Open("/nonexistent/lock"); err != nil {
		panic(err)
	}
}

func main() {
	defer cleanUp()
	panic("no price in row 7")
}

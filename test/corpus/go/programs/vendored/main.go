package main

import "example.com/job/loader"

func main() {
	loader.Load("a;b")
}

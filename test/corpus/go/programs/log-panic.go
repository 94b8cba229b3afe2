package main

import "log"

func main() {
	log.SetFlags(0)
	log.Println("loading")
	log.Panicf("cannot load %s", "/data/in.csv")
}

package main

import "unsafe"

func read(address uintptr) byte { return *(*byte)(unsafe.Pointer(address)) }

func main() {
	println(read(0xdead0000))
}

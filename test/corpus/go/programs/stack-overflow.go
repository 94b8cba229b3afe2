package main

import "runtime/debug"

type node struct{ next *node }

func depth(n *node) int { return 1 + depth(n.next) }

func main() {
	debug.SetMaxStack(1 << 20)
	loop := &node{}
	loop.next = loop
	println(depth(loop))
}

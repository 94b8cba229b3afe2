package main

import "fmt"

type loader struct{ rows []int }

func (l *loader) price(at int) int { return l.rows[at] }

func load(l *loader, at int) int {
	return l.price(at) * 2
}

func main() {
	fmt.Println(load(&loader{rows: []int{1, 2, 3}}, 5))
}

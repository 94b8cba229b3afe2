package main

import "strconv"

func apply[T, U any](rows []T, f func(T) U) []U {
	var out []U
	for _, row := range rows {
		out = append(out, f(row))
	}
	return out
}

func must(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	apply([]string{"1", "x"}, must)
}

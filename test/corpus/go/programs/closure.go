package main

import "sort"

func main() {
	rows := []string{"b", "a", ""}
	sort.Slice(rows, func(i, j int) bool {
		return rows[i][0] < rows[j][0]
	})
}

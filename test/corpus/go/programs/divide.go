package main

func average(total, rows int) int { return total / rows }

func main() {
	println(average(10, 0))
}

package main

func main() {
	rows := make(chan int, 1)
	close(rows)
	rows <- 1
}

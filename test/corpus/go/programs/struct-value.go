package main

type badRow struct {
	Row int
	Why string
}

func main() {
	panic(badRow{7, "no price"})
}

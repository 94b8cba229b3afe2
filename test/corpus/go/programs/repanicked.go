package main

func guard() {
	if r := recover(); r != nil {
		println("cleaning up")
		panic(r)
	}
}

func main() {
	defer guard()
	panic("no price in row 7")
}

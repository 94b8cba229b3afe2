package main

type row struct {
	next  *row
	price int
}

func price(r *row) int { return r.next.price }

func main() {
	println(price(&row{}))
}

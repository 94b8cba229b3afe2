package main

import "errors"

func main() {
	panic(errors.New("3 rows failed:\nrow 1: no price\n\nrow 2: no name\ngoroutine of rows"))
}

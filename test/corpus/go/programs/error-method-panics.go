package main

type badError struct{ rows []int }

func (e badError) Error() string { return string(rune(e.rows[3])) }

func main() {
	panic(badError{})
}

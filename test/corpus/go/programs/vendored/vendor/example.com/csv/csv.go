package csv

import "fmt"

type Reader struct{ comma rune }

func Read(text string, comma rune) { (&Reader{comma}).read(text) }

func (r *Reader) read(text string) {
	panic(fmt.Sprintf("csv: no %q in %q", r.comma, text))
}

package main

func count(words []string, seen map[string]int) {
	for _, word := range words {
		seen[word]++
	}
}

func main() {
	count([]string{"a", "b"}, nil)
}

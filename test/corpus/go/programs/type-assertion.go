package main

func name(row map[string]any) string { return row["name"].(string) }

func main() {
	println(name(map[string]any{"name": 7}))
}

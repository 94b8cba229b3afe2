raise ArgumentError, "bad rows:\n  apple"

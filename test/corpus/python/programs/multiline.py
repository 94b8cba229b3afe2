raise ValueError("three lines:\nsecond\n\n  fourth")

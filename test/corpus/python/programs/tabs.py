def load(row):
	if row:
        return 7

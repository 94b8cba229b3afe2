rows = [1, 0]
print([(lambda row: 1 / row)(row) for row in rows])

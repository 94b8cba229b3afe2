def load():
print("x")

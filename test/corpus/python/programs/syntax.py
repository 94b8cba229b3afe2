import sys

print("rows:" sys.argv)

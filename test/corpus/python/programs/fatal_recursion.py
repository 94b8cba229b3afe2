import sys

sys.setrecursionlimit(10**9)


def load(row):
    try:
        load(row + 1)
    except RecursionError:
        load(row + 1)


sys.setrecursionlimit(50)
load(7)

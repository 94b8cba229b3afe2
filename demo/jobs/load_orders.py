import csv
import sys


def amount_in_cents(row):
    return int(float(row[1]) * 100)


def main(path):
    with open(path) as file:
        for row in csv.reader(file):
            print(f"order {row[0]}: {amount_in_cents(row)} cents", flush=True)


main(sys.argv[1])

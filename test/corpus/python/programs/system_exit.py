import sys

sys.exit("ValueError: bad row")

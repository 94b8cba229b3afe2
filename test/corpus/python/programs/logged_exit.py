import logging
import sys

logging.basicConfig(format="%(levelname)s:%(name)s:%(message)s")
try:
    int("x")
except ValueError:
    logging.exception("the load failed")
    sys.exit(1)

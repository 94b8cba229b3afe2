import logging

logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
try:
    int("x")
except ValueError:
    logging.exception("row 7 left out")
logging.warning("going on")
raise KeyError("price")

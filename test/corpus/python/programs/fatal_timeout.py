import faulthandler
import time

faulthandler.dump_traceback_later(0.2, exit=True)


def load():
    time.sleep(9)


load()

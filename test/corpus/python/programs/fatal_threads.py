import faulthandler
import os
import threading
import time

faulthandler.enable()


def wait():
    time.sleep(9)


def load():
    os.abort()


threading.Thread(target=wait, daemon=True).start()
time.sleep(0.1)
load()

import threading
import time


def work():
    time.sleep(0.2)
    raise ValueError("in a thread")


threading.Thread(target=work, name="loader").start()
raise RuntimeError("first")

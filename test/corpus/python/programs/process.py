import sys
from multiprocessing import Process


def work():
    raise ValueError("in a process")


if __name__ == "__main__":
    process = Process(target=work)
    process.start()
    process.join()
    sys.exit(process.exitcode)

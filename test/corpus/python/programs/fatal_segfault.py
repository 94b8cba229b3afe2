import ctypes
import faulthandler

faulthandler.enable()


def load(address):
    return ctypes.string_at(address)


def main():
    load(0)


main()

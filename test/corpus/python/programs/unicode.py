class Größe(Exception):
    pass


raise Größe("zu groß \U0001F4A5")

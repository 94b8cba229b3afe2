exec("no-such-program")

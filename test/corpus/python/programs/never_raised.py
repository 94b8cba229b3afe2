raise RuntimeError("no database") from ValueError("port is no number\nbut 'x'")

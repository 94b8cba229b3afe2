exec("def f():\n    raise ValueError('in a string')\nf()")

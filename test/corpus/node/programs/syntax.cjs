const rows = [1, 2;

rows = []
rows.lenght

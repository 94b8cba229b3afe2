row = {"price": {"value": None}}
total = sum(
    [
        1,
        2,
        3,
        row["price"]["value"] + 1,
        5,
    ]
)

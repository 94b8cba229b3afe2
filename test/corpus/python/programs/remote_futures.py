from concurrent.futures import ProcessPoolExecutor


def work(row):
    try:
        return 1 / row
    except ZeroDivisionError as error:
        raise ValueError("bad row") from error


if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        pool.submit(work, 0).result()

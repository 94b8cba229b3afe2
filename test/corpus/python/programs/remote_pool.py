from multiprocessing import Pool


def work(row):
    return 1 / row


if __name__ == "__main__":
    with Pool(1) as pool:
        pool.map(work, [0])

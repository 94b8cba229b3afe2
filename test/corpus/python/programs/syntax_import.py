def main():
    import broken


main()

fn main() {
    panic!("3 rows failed:\nrow 1: no price\n\nrow 2: no name\nstack of rows");
}

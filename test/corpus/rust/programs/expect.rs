fn main() {
    let text = std::fs::read_to_string("/nonexistent/in.csv").expect("cannot read the rows");
    println!("{text}");
}

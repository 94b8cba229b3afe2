fn first(rows: &[String]) -> &String {
    rows.first().unwrap()
}

fn main() {
    println!("{}", first(&[]));
}

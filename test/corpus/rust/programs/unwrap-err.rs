fn price(text: &str) -> i64 {
    text.trim().parse::<i64>().unwrap()
}

fn main() {
    println!("{}", price("12x"));
}

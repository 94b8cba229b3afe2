fn total(rows: &[u8]) -> u8 {
    rows.iter().fold(0u8, |sum, row| sum + row)
}

fn main() {
    println!("{}", total(&[200, 100]));
}

fn main() {
    let rows: Vec<u8> = Vec::with_capacity(1 << 62);
    println!("{}", rows.capacity());
}

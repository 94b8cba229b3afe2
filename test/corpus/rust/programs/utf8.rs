fn main() {
    let text = "Größe";
    println!("{}", &text[..3]);
}

fn main() -> Result<(), String> {
    Err("no price in row 7: \"x\"".to_string())
}

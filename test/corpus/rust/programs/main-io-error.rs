fn main() -> std::io::Result<()> {
    let text = std::fs::read_to_string("/nonexistent/in.csv")?;
    println!("{text}");
    Ok(())
}

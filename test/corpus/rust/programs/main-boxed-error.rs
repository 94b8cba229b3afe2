use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let price: i64 = "12x".parse()?;
    println!("{price}");
    Ok(())
}

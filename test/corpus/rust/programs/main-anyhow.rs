// As anyhow::Error writes itself, which is what main says of it.
use std::fmt;

struct Anyhow(&'static [&'static str]);

impl fmt::Debug for Anyhow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0[0])?;
        write!(f, "\n\nCaused by:")?;
        for (at, cause) in self.0[1..].iter().enumerate() {
            if self.0.len() > 2 { write!(f, "\n{at: >5}: {cause}")? } else { write!(f, "\n    {cause}")? }
        }
        Ok(())
    }
}

fn main() -> Result<(), Anyhow> {
    Err(Anyhow(match std::env::args().nth(1) {
        Some(_) => &["cannot load /data/in.csv", "No such file or directory (os error 2)"],
        None => &["cannot load /data/in.csv", "row 7: no price", "invalid digit found in string"],
    }))
}

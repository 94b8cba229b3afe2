#[allow(dead_code)]
#[derive(Debug)]
enum LoadError {
    NoPrice { row: usize, cause: Box<LoadError> },
    Empty(String),
}

fn main() -> Result<(), LoadError> {
    Err(LoadError::NoPrice { row: 7, cause: Box::new(LoadError::Empty("column 3".to_string())) })
}

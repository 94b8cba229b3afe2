trait Reader {
    fn read(&self, text: &str) -> usize;
}

struct Csv;

impl Reader for Csv {
    fn read(&self, text: &str) -> usize {
        let rows: Vec<usize> = text.split(';').map(|row| row.parse().expect("bad row")).collect();
        rows.len()
    }
}

fn apply<T, F: Fn(&dyn Reader) -> T>(f: F) -> T {
    f(&Csv)
}

fn main() {
    println!("{}", apply(|reader| reader.read("1;x")));
}

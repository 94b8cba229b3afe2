struct Loader {
    rows: Vec<i64>,
}

impl Loader {
    #[inline(never)]
    fn price(&self, at: usize) -> i64 {
        self.rows[at]
    }
}

#[inline(never)]
fn load(loader: &Loader, at: usize) -> i64 {
    loader.price(at) * 2
}

fn main() {
    let at = std::env::args().count() + 4;
    println!("{}", load(&Loader { rows: vec![1, 2, 3] }, at));
}

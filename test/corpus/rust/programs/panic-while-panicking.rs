struct Lock;

impl Drop for Lock {
    fn drop(&mut self) {
        panic!("cannot remove the lock");
    }
}

fn main() {
    let _lock = Lock;
    panic!("no price in row 7");
}

use std::sync::{Arc, Mutex};
use std::thread;

fn main() {
    let rows = Arc::new(Mutex::new(vec![1]));
    let theirs = Arc::clone(&rows);
    let worker = thread::spawn(move || {
        let rows = theirs.lock().unwrap();
        println!("{}", rows[7]);
    });
    let _ = worker.join();
    println!("{}", rows.lock().unwrap()[0]);
}

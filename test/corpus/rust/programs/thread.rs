use std::thread;

fn main() {
    let worker = thread::Builder::new()
        .name("loader".to_string())
        .spawn(|| {
            let rows: Vec<i64> = Vec::new();
            rows[1]
        })
        .unwrap();
    println!("{}", worker.join().unwrap());
}

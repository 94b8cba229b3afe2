use std::cell::RefCell;

fn main() {
    let rows = RefCell::new(vec![1]);
    let held = rows.borrow();
    rows.borrow_mut().push(2);
    println!("{}", held.len());
}

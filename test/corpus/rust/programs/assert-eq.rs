fn main() {
    let rows = vec![1, 2, 3];
    assert_eq!(rows.len(), 4, "rows of {}", "/data/in.csv");
}

mod wfdb;
fn main() {
    let r = wfdb::Record::read(std::path::Path::new("examples/data/mitdb/100_14"));
    println!("{:?}", r.map(|r| r.length()));
}

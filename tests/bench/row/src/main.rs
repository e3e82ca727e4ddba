//! What `make bench` counts instructions of.
//!
//! - `bench-row ours FILE`: decode, map and serialise the rows of a CSV file, as an import does;
//! - `bench-row floor FILE`: only parse the CSV and write the same JSON, with the same crates: what no importer can go below;
//! - `bench-row same FILE`: fails unless both write the same.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

mod floor;
mod ours;

use std::error::Error;
use std::fs;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, file] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let text = fs::read(file)?;
    let mut bytes = 0;
    let rows = match what.as_str() {
        "ours" => ours::each_record(&text, |json| bytes += json.len())?,
        "floor" => floor::each_record(&text, |json| bytes += json.len())?,
        "same" => same(&text)?,
        _ => return Err(USAGE.into()),
    };
    println!("{rows} rows, {bytes} bytes");
    Ok(())
}

const USAGE: &str = "usage: bench-row ours|floor|same FILE";

/// How many rows there are; fails where the two write something else.
fn same(text: &[u8]) -> Result<u64, Box<dyn Error>> {
    let (mut by_ours, mut by_floor) = (Vec::new(), Vec::new());
    let rows = ours::each_record(text, |json| by_ours.push(json.to_owned()))?;
    floor::each_record(text, |json| by_floor.push(json.to_owned()))?;
    let differing = by_ours.iter().zip(&by_floor).position(|(one, other)| one != other);
    match differing.or((by_ours.len() != by_floor.len()).then_some(by_ours.len().min(by_floor.len()))) {
        None => Ok(rows),
        Some(at) => Err(format!(
            "row {} differs:\n{}\n{}",
            at + 1,
            by_ours.get(at).map_or("(none)", String::as_str),
            by_floor.get(at).map_or("(none)", String::as_str)
        )
        .into()),
    }
}

//! The floor: parse the CSV and write the JSON, nothing else. Names are taken as they are, nothing is checked, no row is
//! kept, one buffer serves them all.

use std::error::Error;

use serde::ser::{SerializeMap, Serializer};

/// The API names of the file's columns, in its order.
pub const FIELDS: [&str; 13] = [
    "First_Name",
    "Last_Name",
    "Email",
    "Phone",
    "Mobile",
    "Title",
    "Mailing_Street",
    "Mailing_City",
    "Mailing_Zip",
    "Mailing_Country",
    "Birthday",
    "Loyalty_Points",
    "Remarks",
];

/// Hands over the JSON of each row.
pub fn each_record(text: &[u8], mut take: impl FnMut(&str)) -> Result<u64, Box<dyn Error>> {
    let mut reader = csv::Reader::from_reader(text);
    let (mut row, mut json, mut rows) = (csv::StringRecord::new(), Vec::new(), 0);
    while reader.read_record(&mut row)? {
        json.clear();
        let mut serializer = serde_json::Serializer::new(&mut json);
        let mut map = serializer.serialize_map(None)?;
        for (field, cell) in FIELDS.iter().zip(&row) {
            if cell.is_empty() {
                continue;
            }
            if *field == "Loyalty_Points" {
                map.serialize_entry(field, &cell.parse::<i64>()?)?;
            } else {
                map.serialize_entry(field, cell)?;
            }
        }
        map.end()?;
        take(std::str::from_utf8(&json)?);
        rows += 1;
    }
    Ok(rows)
}

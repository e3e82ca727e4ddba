//! Decode, map, serialise: what an import does with each row before it waits for its call.

use std::error::Error;

use bigin::{Field, FieldKind, ModuleFields, ModuleName};
use push::decode::{Decoder, form_of};
use push::map::{Mapping, RecordMapper, Setting};

/// How much of an object is read at once.
const RANGE: usize = 1 << 20;

/// Hands over the JSON of each row.
pub fn each_record(text: &[u8], mut take: impl FnMut(&str)) -> Result<u64, Box<dyn Error>> {
    let form = form_of("inbox/Contacts/bench.csv", text, true).map_err(|fault| fault.message)?;
    let module = ModuleName::parse("Contacts")?;
    let (fields, mapping) = (contacts(&module), Mapping::default());
    let setting = Setting::new(&module, Some(&fields), &mapping);
    let mapper = RecordMapper::for_columns(&form.header, &setting).map_err(|fault| fault.message)?;
    let (mut decoder, mut has_ended) = (Decoder::new(&form), false);
    let mut rows = 0;
    let mut ranges = text.chunks(RANGE);
    loop {
        while let Some(row) = decoder.next().map_err(|fault| fault.message)? {
            let ready = mapper.map(&row).map_err(|reject| reject.message)?;
            take(ready.record.json());
            rows += 1;
        }
        match ranges.next() {
            Some(range) => decoder.feed(range),
            None if has_ended => return Ok(rows),
            None => {
                decoder.end_of_file();
                has_ended = true;
            }
        }
    }
}

/// The fields of Contacts that the file fills, as the metadata describes them.
fn contacts(module: &ModuleName) -> ModuleFields {
    let field = |api_name: &str, kind, length| Field {
        api_name: api_name.to_owned(),
        label: api_name.replace('_', " "),
        kind,
        length: Some(length),
        decimal_place: None,
        mandatory: api_name == "Last_Name",
        writable: true,
        unique: api_name == "Email",
        custom: false,
        lookup_module: None,
        pick_list: Vec::new(),
    };
    ModuleFields {
        module: module.clone(),
        fields: vec![
            field("First_Name", FieldKind::Text, 40),
            field("Last_Name", FieldKind::Text, 80),
            field("Email", FieldKind::Email, 100),
            field("Phone", FieldKind::Phone, 50),
            field("Mobile", FieldKind::Phone, 30),
            field("Title", FieldKind::Text, 100),
            field("Mailing_Street", FieldKind::Text, 250),
            field("Mailing_City", FieldKind::Text, 100),
            field("Mailing_Zip", FieldKind::Text, 30),
            field("Mailing_Country", FieldKind::Text, 100),
            field("Birthday", FieldKind::Date, 20),
            field("Loyalty_Points", FieldKind::Integer, 9),
            field("Remarks", FieldKind::TextArea, 2_000),
        ],
    }
}

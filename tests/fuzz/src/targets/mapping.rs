//! Mapping files, and rows mapped by them.

use std::str;

use bigin::ModuleName;
use push::map::{Mapping, RecordMapper, Setting};

use super::{kind, seeds, size, wording};
use crate::driver::Target;

/// Mapping files.
pub struct Mappings;

impl Target for Mappings {
    fn name(&self) -> &'static str {
        "mappings"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        seeds(&[
            "operation = \"upsert\"\nmatch_on = [\"Email\"]\nempty = \"clear\"\ntime_zone = \"Europe/Berlin\"\n",
            "[columns]\n\"Mail\" = \"Email\"\nDate = { field = \"Closing_Date\", date = \"dd.MM.yyyy\" }\n",
            "[columns]\nAmount = { field = \"Amount\", number = \"1.234,56\" }\nTags = { field = \"Tag\", split = \";\" }\n",
            "[constants]\nSource = \"shop\"\n[lookup.Account_Name]\nby = \"Account_Name\"\non_missing = \"create\"\n",
            "ignore = [\"x\"]\nstop_after = { rejected = 10, percent = 5 }\ntags = \"add\"\nroute = \"bulk\"\ncascade = true\n",
            "phone_country = \"DE\"\nunknown_picklist = \"add\"\nvalidate = \"strict\"\nwithout_key = \"insert\"\n",
        ])
    }

    fn run(&self, input: &[u8]) -> u64 {
        let Ok(text) = str::from_utf8(input) else {
            return 0;
        };
        let mapping = match Mapping::parse(text) {
            Ok(mapping) => mapping,
            Err(fault) => return kind(wording(&fault.to_string())),
        };
        let module = ModuleName::parse("Contacts").unwrap();
        let header: Vec<String> = ["Last_Name", "Mail", "Date", "Amount", "Tags"]
            .map(str::to_owned)
            .into();
        let mapper = match RecordMapper::for_columns(&header, &Setting::new(&module, None, &mapping)) {
            Ok(mapper) => mapper,
            Err(fault) => return kind((fault.code, wording(&fault.message))),
        };
        // The input serves as cells, too.
        let lines = text.lines().chain(std::iter::repeat(""));
        let cells: Vec<&str> = lines.take(header.len()).collect();
        match mapper.map_cells(cells, text.len()) {
            Ok(made) => {
                let json: serde_json::Value = serde_json::from_str(made.record.json()).unwrap();
                kind(size(json.as_object().map_or(0, serde_json::Map::len)))
            }
            Err(reject) => kind((reject.code, wording(&reject.message))),
        }
    }
}

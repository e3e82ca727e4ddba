//! Names of files, modules and mappings: wherever they come from, what is made of them stays under its prefix.

use bigin::ModuleName;
use jiff::Timestamp;
use push::report::RunFiles;
use shared::bucket::{InboxKey, stem};

use super::{kind, seeds, size, wording};
use crate::driver::Target;

/// Keys.
pub struct Keys;

impl Target for Keys {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        seeds(&[
            "inbox/Contacts/customers.csv",
            "check/Deals/shop/Kunden 2026.ndjson.gz",
            "inbox/../reports/x.csv",
            "inbox/Contacts/..\\..\\x.csv",
            "inbox/Contacts/%2e%2e/x.csv",
        ])
    }

    fn run(&self, input: &[u8]) -> u64 {
        let key = String::from_utf8_lossy(input);
        let parsed = InboxKey::parse(&key);
        let name = stem(&key);
        assert!(!name.is_empty() && !name.contains(['/', '\\']) && !name.chars().any(char::is_control));
        let module = parsed
            .as_ref()
            .ok()
            .and_then(|parsed| ModuleName::parse(&parsed.module).ok());
        if let Some(module) = &module {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(module.as_str().chars().all(is_plain), "a module's name leads elsewhere");
        }
        let files = RunFiles::of_file(
            module.as_ref().map(ModuleName::as_str),
            &key,
            "run",
            Timestamp::UNIX_EPOCH,
        );
        for (prefix, place) in [
            ("reports", files.report()),
            ("rejects", files.rejects("csv")),
            ("outcomes", files.outcomes()),
        ] {
            let parts: Vec<&str> = place.split('/').collect();
            assert!(parts.len() == 4 && parts[0] == prefix, "{place}");
            assert!(!parts.contains(&"..") && !parts.contains(&"."), "{place}");
        }
        let error = parsed.as_ref().err().map(|error| wording(&error.to_string()));
        kind((
            error,
            module.is_some(),
            parsed.is_ok_and(|key| key.mapping.is_some()),
            size(name.len()),
        ))
    }
}

//! The codes of what map refuses, with what each means. Codes are stable: alarms, reports and the people who mend
//! rejects files rely on them. Zoho's own codes are not in here; a reject says in `_origin` whose code it is.

/// Declares codes as constants, and a table of them.
macro_rules! codes {
    ($(#[$doc:meta])* $table:ident: $($name:ident $meaning:literal)*) => {
        $(#[doc = $meaning] pub const $name: &str = stringify!($name);)*
        $(#[$doc])*
        pub const $table: &[(&str, &str)] = &[$(($name, $meaning)),*];
    };
}

pub(crate) use codes as declare;

codes! {
    /// What a record is rejected for before a credit is spent.
    REJECTS:
    MANDATORY_EMPTY "A field that Bigin insists on has no value, or was to be cleared."
    MATCH_KEY_MISSING "The record has no value by which Bigin could find it: no match field, or no id."
    NOTHING_TO_WRITE "Every cell of the row is empty, or an update has nothing beside what it is found by."
    PLACEHOLDER_KEY "What a record is matched or looked up by stands for no value, such as N/A or 0: say `none` or `allow_keys` in the mapping."
    HTML_REFERENCE "What a record is matched, looked up or made by, or a value that is no text, has a character reference of HTML, such as `&amp;`: say `html` in the mapping."
    LOOKUP_NEEDS_ID "A lookup or owner was given by name; a bare name is never sent, since Bigin would make a new company of it."
    INVALID_ID "A record id is not 15 to 20 digits."
    INVALID_EMAIL "An e-mail field has something that is no e-mail address."
    TWO_VALUES "A cell has two values, such as two telephone numbers, and its field takes one: say `first` in the mapping."
    INVALID_PHONE "A telephone field has characters that no telephone number has."
    INVALID_WEBSITE "A web address has no host."
    INVALID_NUMBER "A number field has something that is no number."
    NUMBER_AMBIGUOUS "A number can be read in two ways, such as 1.234: say `number` in the mapping."
    NUMBER_TOO_LARGE "A number has more digits than its field takes."
    TOO_MANY_DECIMALS "A number has more digits after the point than its field takes."
    INVALID_DATE "A date or date and time is none, or does not fit the mapping's pattern."
    DATE_AMBIGUOUS "A date can be read in two ways, such as 03/04/2026: say `date` in the mapping."
    TIME_ZONE_UNKNOWN "A date and time has no offset and no time zone is known: say `time_zone` in the mapping."
    INVALID_BOOLEAN "A yes/no field has neither."
    UNKNOWN_PICKLIST_VALUE "The field's list has no such value."
    TEXT_TOO_LONG "A text has more characters than its field takes."
    SPREADSHEET_DAMAGE "A spreadsheet has changed the value: 4.93E+11, an id rounded to zeros, #REF!, a date as a day number."
    CONTROL_CHARACTER "A value has a NUL, U+FFFD or another character that stands for one that was lost, or keeps two values apart."
    SUSPECT_TEXT "A text that was read in the wrong encoding before, such as MÃ¼ller; a key that was changed on its way, such as M?ller; with validate = \"strict\" any that is hardly meant."
    WRONG_TYPE "A JSON value is of a type that the field cannot take."
    INVALID_JSON "A field that takes JSON has a cell that is none."
    INVALID_RELATED_MODULE "An activity or a note is about something that is neither in Contacts, Accounts nor Deals."
    UNKNOWN_FIELD "A key of a JSON record is no field of the module."
    AMBIGUOUS_FIELD "A key of a JSON record means more than one field."
    READ_ONLY_FIELD "A key of a JSON record is a field that Bigin does not let anybody write."
    OTHER_OPERATION "A row's `_operation` and `_match_on` say something else than those of the file's first row."
    FIELD_TWICE "Two keys of a JSON record mean the same field."
}

codes! {
    /// What a file or a message is refused for as a whole.
    REFUSALS:
    COLUMN_UNKNOWN "A column is no field of the module."
    COLUMN_AMBIGUOUS "A column's name means more than one field."
    COLUMN_READ_ONLY "A column is a field that Bigin does not let anybody write."
    COLUMN_TWICE "Two columns, or a column and a constant, fill the same field."
    MANDATORY_COLUMN_MISSING "A field that Bigin insists on has neither column nor constant."
    MATCH_COLUMN_MISSING "No column has the values that records are looked up by."
    ID_COLUMN_MISSING "An update or delete has no id column."
    MATCH_FIELD_NEEDED "An upsert into a module without a key of its own names no match field."
    MATCH_FIELD_UNKNOWN "A match field is no field of the module."
    MATCH_FIELD_NOT_UNIQUE "Bigin does not keep a match field's values unique, so it cannot be matched on."
    FOREIGN_IDS "The column that is named as Bigin's record id has none: name its field under [columns] in the mapping, or the column under ignore."
    SAME_KEY "Too many rows of the file differ and share a key: say `same_key` in the mapping if the last of each is meant to win."
    RELATED_MODULE_MISSING "An activity or a note says what it is about, but not in which module that is."
    CASCADE_NEEDED "Companies are to be deleted, which takes their contacts along: say `cascade = true` if that is meant."
    MODULE_NOT_WRITABLE "The module is one that records are not pushed into, such as Attachments."
    MAPPING_FIELD_UNKNOWN "The mapping names a field that the module does not have, or of another kind."
    CONSTANT_INVALID "A constant of the mapping does not fit its field."
}

/// Whether a record is rejected with that code because of how Bigin keeps a field: somebody may just have added the
/// field, made it longer, or given its list another value.
pub fn rests_on_fields(code: &str) -> bool {
    [
        MANDATORY_EMPTY,
        NUMBER_TOO_LARGE,
        TOO_MANY_DECIMALS,
        UNKNOWN_PICKLIST_VALUE,
        TEXT_TOO_LONG,
        WRONG_TYPE,
        UNKNOWN_FIELD,
        AMBIGUOUS_FIELD,
        READ_ONLY_FIELD,
    ]
    .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once_and_explained() {
        let mut seen = std::collections::HashSet::new();
        for (code, meaning) in REJECTS.iter().chain(REFUSALS) {
            assert!(seen.insert(*code), "{code} is there twice");
            assert!(meaning.ends_with('.') && meaning.len() > 20, "{code}");
        }
    }
}

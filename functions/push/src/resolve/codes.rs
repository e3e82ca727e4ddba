//! The codes of what cannot be resolved. Codes are stable: alarms, reports and the people who mend rejects files rely on
//! them.

/// No record has the value that a lookup was given.
pub const LOOKUP_NOT_FOUND: &str = "LOOKUP_NOT_FOUND";
/// Several records have the value that a lookup was given.
pub const AMBIGUOUS_LOOKUP: &str = "AMBIGUOUS_LOOKUP";
/// The record that a lookup was to point to was to be made, and could not be.
pub const LOOKUP_NOT_MADE: &str = "LOOKUP_NOT_MADE";
/// The field that a lookup's values are looked for in is none.
pub const LOOKUP_FIELD_UNKNOWN: &str = "LOOKUP_FIELD_UNKNOWN";
/// Whether a record has the value cannot be found out.
pub const OUT_OF_REACH: &str = "OUT_OF_REACH";
/// No record has the match key's value.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// Several records have the match key's value.
pub const AMBIGUOUS_KEY: &str = "AMBIGUOUS_KEY";

//! The codes of what delivery itself rejects, with what each means.

/// A record that makes its calls fail.
pub const CALL_FAILS: &str = "CALL_FAILS";

/// What a record is rejected for although Bigin says nothing about it.
pub const REJECTS: &[(&str, &str)] = &[(
    CALL_FAILS,
    "Every call with this record fails without a word about it, while others get through, or for a quarter of an hour while Bigin can be read; the message has what was answered.",
)];

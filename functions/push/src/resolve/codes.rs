//! The codes of what cannot be resolved, with what each means. Codes are stable: alarms, reports and the people who mend
//! rejects files rely on them.

use crate::map::codes::declare;

declare! {
    /// What a record is rejected for before it is sent, because Bigin says that something else is not as it should be.
    REJECTS:
    LOOKUP_NOT_FOUND "No record, user or pipeline has the value that a lookup was given."
    AMBIGUOUS_LOOKUP "Several records have the value that a lookup was given."
    LOOKUP_NOT_MADE "The record that a lookup points to was to be made, and Bigin would not; the message has Bigin's code."
    LOOKUP_FIELD_UNKNOWN "The mapping's `by` is no field of the module that the lookup points to."
    NOT_FOUND "An update's match fields find no record."
    AMBIGUOUS_KEY "The match field of an update or delete finds several records."
    OUT_OF_REACH "The value has characters that no query can have, and there are more records than Bigin lists."
}

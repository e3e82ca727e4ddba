//! The organisation's own fields: one of every type, the same on Contacts, Accounts and Pipelines, among them one unique
//! text field.

use super::field::{Field, field, lookup, text};
use super::{Kind, ModuleName};

/// Values of the custom pick lists.
const LEVELS: [&str; 3] = ["Gold", "Silver", "Bronze"];
const INTERESTS: [&str; 4] = ["Roofing", "Solar", "Heating", "Windows"];

pub(super) fn fields(module: ModuleName) -> Vec<Field> {
    let other = if module == ModuleName::Contacts {
        ModuleName::Products
    } else {
        ModuleName::Contacts
    };
    [
        text("External_ID", 64).unique(),
        text("Nickname", 40),
        Field::new("Remarks", Kind::TextArea, 2_000),
        field("Second_Email", Kind::Email),
        field("Fax", Kind::Phone),
        field("Profile_Page", Kind::Website),
        field("Level", Kind::PickList).picks(&LEVELS),
        field("Interests", Kind::MultiPickList).picks(&INTERESTS),
        field("Newsletter", Kind::Boolean),
        field("Loyalty_Points", Kind::Integer),
        field("Ledger_Number", Kind::BigInt),
        field("Score", Kind::Double),
        field("Turnover", Kind::Currency),
        field("Discount", Kind::Percent),
        field("Birthday", Kind::Date),
        field("Last_Visit", Kind::DateTime),
        lookup("Recommended_By", other),
        field("Caretaker", Kind::User),
        field("Contract", Kind::File).hidden(),
        field("Weighted_Score", Kind::Formula).read_only(),
        field("Serial_Number", Kind::AutoNumber).read_only(),
    ]
    .map(Field::custom)
    .into()
}

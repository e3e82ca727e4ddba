//! Companies, which the API calls Accounts (contract, section 4.3b).

use super::custom;
use super::field::{Field, field, owner, tail, text};
use super::{Kind, ModuleName};

pub(super) fn fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Company Owner"),
        text("Account_Name", 100).label("Company Name").mandatory().unique(),
        Field::new("Phone", Kind::Phone, 50),
        field("Website", Kind::Website),
        text("Billing_Street", 250),
        text("Billing_City", 100),
        text("Billing_State", 100),
        text("Billing_Country", 100),
        text("Billing_Code", 30),
        field("Description", Kind::TextArea),
    ];
    fields.extend(tail());
    fields.extend(custom::fields(ModuleName::Accounts));
    fields
}

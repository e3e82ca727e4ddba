//! Contacts as recorded (contract, section 4.3).

use super::custom;
use super::field::{Field, field, full_name, lookup, owner, read_only, tail, text};
use super::{Kind, ModuleName};

pub(super) fn fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Contact Owner"),
        text("First_Name", 40),
        text("Last_Name", 80).mandatory(),
        full_name(),
        lookup("Account_Name", ModuleName::Accounts).label("Company Name"),
        field("Email", Kind::Email).unique(),
        text("Title", 100),
        Field::new("Phone", Kind::Phone, 50),
        field("Home_Phone", Kind::Phone),
        field("Mobile", Kind::Phone),
        text("Mailing_Street", 250),
        text("Mailing_City", 100),
        text("Mailing_State", 100),
        text("Mailing_Country", 100),
        text("Mailing_Zip", 30),
        field("Description", Kind::TextArea),
        field("Email_Opt_Out", Kind::Boolean),
    ];
    fields.extend(tail());
    fields.extend([
        read_only("Unsubscribed_Mode", "picklist", "string"),
        read_only("Unsubscribed_Time", "datetime", "string"),
        read_only("Record_Creation_Source_ID__s", "bigint", "string"),
    ]);
    fields.extend(custom::fields(ModuleName::Contacts));
    fields
}

//! What is known of modules without asking Bigin: their keys, the names people use, the fields that no metadata lists,
//! and the standard fields, for tokens that may not read the metadata (Bigin developer guide, "Modules", "Fields").

use bigin::{Field, FieldKind, ModuleName};

/// The unique field that records of a module are looked up by when nobody says otherwise.
pub(super) fn default_key(module: &ModuleName) -> Option<&'static str> {
    match module.as_str() {
        "Contacts" => Some("Email"),
        "Accounts" => Some("Account_Name"),
        "Products" => Some("Product_Name"),
        _ => None,
    }
}

/// The field of another module that a lookup's value is looked for in.
pub(super) fn name_field(module: &str) -> &'static str {
    match module {
        "Contacts" => "Email",
        "users" => "email",
        "Accounts" => "Account_Name",
        "Products" => "Product_Name",
        "Pipelines" => "Deal_Name",
        "layouts" => "name",
        _ => "Name",
    }
}

/// Modules that records are not pushed into, and why.
pub(super) fn why_not_writable(module: &ModuleName) -> Option<&'static str> {
    match module.as_str() {
        "Attachments" => Some("attachments are files, which this relay does not upload"),
        "Associated_Products" => {
            Some("line items are written with their pipeline record, in the field Associated_Products")
        }
        "Social" => Some("Bigin's API does not serve it"),
        _ => None,
    }
}

/// What people call a record of a module, in small letters and without blanks.
fn singulars(module: &str) -> &'static [&'static str] {
    match module {
        "Contacts" => &["contact"],
        "Accounts" => &["company", "account"],
        "Pipelines" => &["deal", "pipelinerecord"],
        "Products" => &["product"],
        "Tasks" => &["task"],
        "Events" => &["event"],
        "Calls" => &["call"],
        "Notes" => &["note"],
        _ => &[],
    }
}

/// Other names of a field, in small letters and without blanks. They count only where no field has them by itself.
pub(super) fn aliases(module: &str, field: &Field) -> Vec<String> {
    let with = |module: &str, endings: &[&str]| -> Vec<String> {
        let singulars = singulars(module).iter();
        singulars
            .flat_map(|word| endings.iter().map(move |ending| format!("{word}{ending}")))
            .collect()
    };
    match (field.api_name.as_str(), field.lookup_module.as_deref()) {
        ("id", _) => [vec!["recordid".to_owned()], with(module, &["id", "recordid"])].concat(),
        ("Owner", _) => with(module, &["owner"]),
        ("Tag", _) => vec!["tags".to_owned()],
        ("$se_module", _) => vec!["parentmodule".to_owned(), "relatedmodule".to_owned()],
        ("Parent_Id", _) => vec!["parent".to_owned(), "relatedto".to_owned()],
        ("Account_Name" | "Product_Name" | "Deal_Name", None) => {
            [vec!["name".to_owned()], with(module, &["", "name"])].concat()
        }
        (_, Some(other)) if field.kind == FieldKind::Lookup && !field.custom => with(other, &["", "name"]),
        _ => Vec::new(),
    }
}

/// A field by name and kind.
fn field(api_name: &str, kind: FieldKind) -> Field {
    Field {
        api_name: api_name.to_owned(),
        label: api_name.trim_start_matches('$').replace('_', " "),
        kind,
        length: None,
        decimal_place: None,
        mandatory: false,
        writable: true,
        unique: false,
        custom: false,
        lookup_module: None,
        pick_list: Vec::new(),
    }
}

/// Fields that records have and the metadata may leave out.
pub(super) fn unlisted(module: &ModuleName) -> Vec<Field> {
    let mut fields = vec![field("id", FieldKind::Other)];
    let more: &[&str] = match module.as_str() {
        "Tasks" => &["Related_To", "$related_module", "Recurring_Activity", "Remind_At"],
        "Events" => &[
            "Related_To",
            "$related_module",
            "Recurring_Activity",
            "Remind_At",
            "Participants",
        ],
        "Calls" => &["Related_To", "$related_module", "Remind_At"],
        "Pipelines" => &["Pipeline", "Associated_Products", "Secondary_Contacts"],
        "Notes" => &["Parent_Id", "$se_module"],
        _ => &[],
    };
    fields.extend(more.iter().map(|name| field(name, FieldKind::Other)));
    fields
}

/// The standard fields of a module, as far as their kind matters: what is not here is taken for text.
pub(super) fn fields(module: &ModuleName) -> Vec<Field> {
    use FieldKind::{
        Boolean, Currency, Date, DateTime, Email, Lookup, OwnerLookup, Phone, PickList, Tags, Text, TextArea, Website,
    };
    let own: &[(&str, FieldKind, Option<usize>)] = match module.as_str() {
        "Contacts" => &[
            ("First_Name", Text, Some(40)),
            ("Last_Name", Text, Some(80)),
            ("Account_Name", Lookup, None),
            ("Email", Email, Some(100)),
            ("Title", Text, Some(100)),
            ("Phone", Phone, Some(50)),
            ("Home_Phone", Phone, Some(30)),
            ("Mobile", Phone, Some(30)),
            ("Mailing_Street", Text, Some(250)),
            ("Mailing_City", Text, Some(100)),
            ("Mailing_State", Text, Some(100)),
            ("Mailing_Country", Text, Some(100)),
            ("Mailing_Zip", Text, Some(30)),
            ("Email_Opt_Out", Boolean, None),
        ],
        "Accounts" => &[
            ("Account_Name", Text, Some(100)),
            ("Phone", Phone, None),
            ("Website", Website, None),
            ("Billing_Street", Text, Some(250)),
            ("Billing_City", Text, Some(100)),
            ("Billing_State", Text, Some(100)),
            ("Billing_Country", Text, Some(100)),
            ("Billing_Code", Text, Some(30)),
        ],
        "Products" => &[
            ("Product_Name", Text, None),
            ("Product_Code", Text, None),
            ("Product_Category", PickList, None),
            ("Product_Active", Boolean, None),
            ("Unit_Price", Currency, None),
        ],
        "Pipelines" => &[
            ("Deal_Name", Text, None),
            ("Sub_Pipeline", PickList, None),
            ("Stage", PickList, None),
            ("Amount", Currency, None),
            ("Closing_Date", Date, None),
            ("Contact_Name", Lookup, None),
            ("Account_Name", Lookup, None),
        ],
        "Tasks" => &[
            ("Subject", Text, None),
            ("Due_Date", Date, None),
            ("Status", PickList, None),
            ("Priority", PickList, None),
        ],
        "Events" => &[
            ("Event_Title", Text, None),
            ("Start_DateTime", DateTime, None),
            ("End_DateTime", DateTime, None),
            ("All_day", Boolean, None),
            ("Venue", Text, None),
        ],
        "Calls" => &[
            ("Subject", Text, None),
            ("Call_Start_Time", DateTime, None),
            ("Call_Type", PickList, None),
            ("Contact_Name", Lookup, None),
        ],
        "Notes" => &[("Note_Title", Text, None), ("Note_Content", TextArea, None)],
        _ => &[],
    };
    let common = [
        ("Owner", OwnerLookup, None),
        ("Tag", Tags, None),
        ("Description", TextArea, Some(32_000)),
    ];
    own.iter()
        .chain(&common)
        .map(|(name, kind, length)| Field {
            length: *length,
            mandatory: matches!(
                *name,
                "Last_Name" | "Deal_Name" | "Subject" | "Event_Title" | "Note_Content"
            ) || (matches!(*name, "Account_Name" | "Product_Name") && *kind == Text),
            unique: default_key(module) == Some(name),
            lookup_module: (*kind == Lookup).then(|| {
                if *name == "Contact_Name" {
                    "Contacts".to_owned()
                } else {
                    "Accounts".to_owned()
                }
            }),
            ..field(name, *kind)
        })
        .collect()
}

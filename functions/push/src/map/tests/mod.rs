//! Whole files and messages: headers, mappings, rows, and the records that come of them.

mod headers;
mod messages;
mod modules;
mod properties;
mod rows;

use bigin::{Field, FieldKind, ModuleFields, ModuleName, PickListValue};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::*;
use crate::record::Reject;

fn module(name: &str) -> ModuleName {
    ModuleName::parse(name).unwrap()
}

fn field(api_name: &str, label: &str, kind: FieldKind) -> Field {
    Field {
        api_name: api_name.into(),
        label: label.into(),
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

/// Contacts as a real organisation has them, with a few fields of its own.
fn contacts() -> ModuleFields {
    let read_only = |api_name, label, kind| Field {
        writable: false,
        ..field(api_name, label, kind)
    };
    let values = ["Web", "Messe"].map(|value| PickListValue {
        actual_value: value.into(),
        display_value: value.into(),
    });
    ModuleFields {
        module: module("Contacts"),
        fields: vec![
            field("Owner", "Contact Owner", FieldKind::OwnerLookup),
            Field {
                length: Some(40),
                ..field("First_Name", "First Name", FieldKind::Text)
            },
            Field {
                length: Some(80),
                mandatory: true,
                ..field("Last_Name", "Last Name", FieldKind::Text)
            },
            read_only("Full_Name", "Full Name", FieldKind::Text),
            Field {
                lookup_module: Some("Accounts".into()),
                ..field("Account_Name", "Company Name", FieldKind::Lookup)
            },
            Field {
                length: Some(100),
                unique: true,
                ..field("Email", "Email", FieldKind::Email)
            },
            Field {
                length: Some(50),
                ..field("Phone", "Phone", FieldKind::Phone)
            },
            Field {
                length: Some(30),
                ..field("Mobile", "Mobile", FieldKind::Phone)
            },
            Field {
                length: Some(30),
                ..field("Description", "Description", FieldKind::TextArea)
            },
            field("Email_Opt_Out", "Email Opt Out", FieldKind::Boolean),
            field("Tag", "Tag", FieldKind::Tags),
            read_only("Created_Time", "Created Time", FieldKind::DateTime),
            Field {
                custom: true,
                unique: true,
                length: Some(20),
                ..field("Customer_No", "Kundennummer", FieldKind::Text)
            },
            Field {
                custom: true,
                decimal_place: Some(2),
                ..field("Revenue", "Umsatz", FieldKind::Currency)
            },
            Field {
                custom: true,
                ..field("Birthday", "Geburtstag", FieldKind::Date)
            },
            Field {
                custom: true,
                ..field("Last_Seen", "Zuletzt gesehen", FieldKind::DateTime)
            },
            Field {
                custom: true,
                pick_list: values.to_vec(),
                ..field("Source", "Quelle", FieldKind::PickList)
            },
            Field {
                custom: true,
                ..field("Phone1", "Phone 2", FieldKind::Phone)
            },
            Field {
                custom: true,
                ..field("Phone3", "Phone 2", FieldKind::Phone)
            },
        ],
    }
}

fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn mapping(text: &str) -> Mapping {
    Mapping::parse(text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn mapper_with(names: &[&str], text: &str, stages: Stages) -> Result<RecordMapper, HeaderFault> {
    let (contacts, name, mapping) = (contacts(), module("Contacts"), mapping(text));
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let setting = Setting {
        time_zone: Some(&zone),
        stages,
        ..Setting::new(&name, Some(&contacts), &mapping)
    };
    RecordMapper::for_columns(&header(names), &setting)
}

fn mapper(names: &[&str], text: &str) -> RecordMapper {
    mapper_with(names, text, Stages::default()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn record(mapper: &RecordMapper, cells: &[&str]) -> Value {
    let made = mapper
        .map_cells(cells.iter().copied(), 0)
        .unwrap_or_else(|reject| panic!("{reject:?}"));
    serde_json::from_str(made.record.json()).unwrap()
}

fn reject(mapper: &RecordMapper, cells: &[&str]) -> Reject {
    mapper
        .map_cells(cells.iter().copied(), 0)
        .expect_err("the row is rejected")
}

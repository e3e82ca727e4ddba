//! A field, and the small words that the module tables are written in.

use super::ModuleName;
use super::kind::Shape;
use super::{Kind, System};

/// A field of a module.
#[derive(Debug, Clone)]
#[allow(clippy::struct_field_names, reason = "field_read_only is Bigin's own word")]
pub(crate) struct Field {
    pub(crate) id: u64,
    pub(crate) api_name: &'static str,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    /// The most characters, or digits.
    pub(crate) length: usize,
    pub(crate) mandatory: bool,
    pub(crate) unique: bool,
    pub(crate) custom: bool,
    /// Whether forms show it for writing: the only thing that tells whether the API takes it, `Tag` aside.
    pub(crate) shown_for_writing: bool,
    pub(crate) read_only: bool,
    pub(crate) field_read_only: bool,
    pub(crate) picks: Vec<String>,
    pub(crate) decimal_place: Option<u64>,
    /// Taken out of the organisation by a test.
    pub(crate) removed: bool,
}

impl Field {
    pub(super) fn new(api_name: &'static str, kind: Kind, length: usize) -> Self {
        Self {
            id: 0,
            api_name,
            label: api_name.replace("__s", "").replace('_', " "),
            kind,
            length,
            mandatory: false,
            unique: false,
            custom: false,
            shown_for_writing: kind.is_writable(),
            read_only: false,
            field_read_only: false,
            picks: Vec::new(),
            decimal_place: matches!(kind, Kind::Double | Kind::Currency | Kind::Percent).then_some(2),
            removed: false,
        }
    }

    pub(super) fn label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    pub(super) fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    pub(super) fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    pub(super) fn custom(mut self) -> Self {
        self.custom = true;
        self
    }

    /// Not on any form, though a write may take it all the same.
    pub(super) fn hidden(mut self) -> Self {
        self.shown_for_writing = false;
        self
    }

    pub(super) fn field_read_only(mut self) -> Self {
        self.field_read_only = true;
        self
    }

    pub(super) fn read_only(mut self) -> Self {
        self.read_only = true;
        self.field_read_only()
    }

    pub(super) fn picks(mut self, values: &[&str]) -> Self {
        self.picks = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// Whether queries may filter by it.
    pub(crate) fn is_filterable(&self) -> bool {
        !matches!(
            self.kind,
            Kind::TextArea | Kind::Image | Kind::File | Kind::Structured(..) | Kind::Several(_)
        )
    }
}

pub(super) fn text(api_name: &'static str, length: usize) -> Field {
    Field::new(api_name, Kind::Text, length)
}

pub(super) fn field(api_name: &'static str, kind: Kind) -> Field {
    let length = match kind {
        Kind::Email | Kind::MultiPickList => 100,
        Kind::Phone => 30,
        Kind::Website | Kind::Image => 255,
        Kind::TextArea => 32_000,
        Kind::Boolean | Kind::Percent => 5,
        Kind::Integer | Kind::Duration => 9,
        Kind::BigInt => 19,
        Kind::Double | Kind::Currency => 16,
        Kind::Date => 20,
        Kind::Tags => 2_000,
        _ => 120,
    };
    Field::new(api_name, kind, length)
}

pub(super) fn lookup(api_name: &'static str, module: ModuleName) -> Field {
    field(api_name, Kind::Lookup(module))
}

pub(super) fn structured(api_name: &'static str, data_type: &'static str, shape: Shape) -> Field {
    field(api_name, Kind::Structured(data_type, shape))
}

fn system(api_name: &'static str, what: System) -> Field {
    field(api_name, Kind::System(what))
}

/// `Owner`, which says that it is read only and is not.
pub(super) fn owner() -> Field {
    field("Owner", Kind::User).field_read_only()
}

/// Contacts' name as a whole, which Bigin puts together.
pub(super) fn full_name() -> Field {
    system("Full_Name", System::FullName)
}

/// What every module closes with. `read_only` is false for most although none can be written: as recorded.
pub(super) fn tail() -> Vec<Field> {
    vec![
        field("Tag", Kind::Tags).hidden(),
        field("Record_Image", Kind::Image).hidden(),
        system("Created_By", System::CreatedBy),
        system("Modified_By", System::ModifiedBy),
        system("Created_Time", System::CreatedTime),
        system("Modified_Time", System::ModifiedTime),
        system("Last_Activity_Time", System::Empty("datetime", "string")).field_read_only(),
    ]
}

/// What nobody can write, and says so.
pub(super) fn read_only(api_name: &'static str, data_type: &'static str, json_type: &'static str) -> Field {
    system(api_name, System::Empty(data_type, json_type)).read_only()
}

//! The kinds of field (contract, section 4.2).

use super::ModuleName;

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    TextArea,
    Email,
    Phone,
    Website,
    /// One of a list; values that are not on it are added.
    PickList,
    /// `Stage` and `Sub_Pipeline`, whose values must fit each other.
    Stage,
    SubPipeline,
    MultiPickList,
    Boolean,
    Integer,
    BigInt,
    Double,
    Currency,
    Percent,
    Date,
    DateTime,
    Lookup(ModuleName),
    /// An activity's parent, in the module that `$related_module` names.
    RelatedTo,
    /// A note's parent.
    Parent,
    User,
    /// A team pipeline, which is a layout.
    TeamPipeline,
    Tags,
    /// Several records of a module, such as the line items of a deal.
    Several(ModuleName),
    /// A call's length: minutes, or `mm:ss`.
    Duration,
    /// JSON of its own form: reminders, recurrence, participants. The data type, and whether it is a list.
    Structured(&'static str, Shape),
    /// Never writable inline.
    Image,
    File,
    Formula,
    AutoNumber,
    /// Written by Bigin alone.
    System(System),
}

/// The JSON form of a structured field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    Either,
}

/// What Bigin writes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    FullName,
    CreatedBy,
    ModifiedBy,
    CreatedTime,
    ModifiedTime,
    /// A field that has a type and never a value here.
    Empty(&'static str, &'static str),
}

impl Kind {
    /// Bigin's `data_type` and `json_type`.
    pub(crate) fn types(self) -> (&'static str, &'static str) {
        match self {
            Self::Text | Self::System(System::FullName) => ("text", "string"),
            Self::TextArea => ("textarea", "string"),
            Self::Email => ("email", "string"),
            Self::Phone => ("phone", "string"),
            Self::Website => ("website", "string"),
            Self::PickList | Self::Stage | Self::SubPipeline => ("picklist", "string"),
            Self::MultiPickList => ("multiselectpicklist", "jsonarray"),
            Self::Boolean => ("boolean", "boolean"),
            Self::Integer | Self::Duration => ("integer", "integer"),
            Self::BigInt => ("bigint", "string"),
            Self::Double => ("double", "double"),
            Self::Currency => ("currency", "double"),
            Self::Percent => ("percent", "double"),
            Self::Date => ("date", "string"),
            Self::DateTime | Self::System(System::CreatedTime | System::ModifiedTime) => ("datetime", "string"),
            Self::Lookup(_) | Self::RelatedTo | Self::Parent | Self::TeamPipeline => ("lookup", "jsonobject"),
            Self::User | Self::System(System::CreatedBy | System::ModifiedBy) => ("ownerlookup", "jsonobject"),
            Self::Tags => ("text", "jsonarray"),
            Self::Several(_) => ("multiselectlookup", "jsonarray"),
            Self::Structured(data_type, Shape::Array) => (data_type, "jsonarray"),
            Self::Structured(data_type, _) => (data_type, "jsonobject"),
            Self::Image => ("profileimage", "string"),
            Self::File => ("fileupload", "jsonarray"),
            Self::Formula => ("formula", "double"),
            Self::AutoNumber => ("autonumber", "string"),
            Self::System(System::Empty(data_type, json_type)) => (data_type, json_type),
        }
    }

    /// Whether a value in a write is taken at all.
    pub(crate) fn is_writable(self) -> bool {
        !matches!(
            self,
            Self::Image | Self::File | Self::Formula | Self::AutoNumber | Self::System(_)
        )
    }
}

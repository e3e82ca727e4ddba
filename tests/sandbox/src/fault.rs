//! What is wrong with one record (contract, section 5.3).

use crate::json::{Json, Object, object};

/// What is wrong with one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) details: Object,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: &str, details: Object, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            details,
            message: message.to_owned(),
        }
    }

    /// `INVALID_DATA` with what is known about it, at a field.
    pub(crate) fn invalid(at: &At<'_>, mut details: Object) -> Self {
        at.describe(&mut details);
        Self::new("INVALID_DATA", details, "invalid data")
    }

    pub(crate) fn wrong_type(at: &At<'_>, expected: &'static str) -> Self {
        Self::invalid(at, object! {"expected_data_type" => expected})
    }

    pub(crate) fn too_long(at: &At<'_>, most: usize) -> Self {
        Self::invalid(at, object! {"maximum_length" => most})
    }

    pub(crate) fn unsupported(at: &At<'_>, supported: &[&'static str]) -> Self {
        Self::invalid(at, object! {"supported_values" => supported.to_vec()})
    }

    /// An unknown record, lookup or owner.
    pub(crate) fn unknown_id(at: &At<'_>) -> Self {
        let mut details = Object::new();
        at.describe(&mut details);
        Self::new("INVALID_DATA", details, "the id given seems to be invalid")
    }

    pub(crate) fn mandatory(at: &At<'_>) -> Self {
        let mut details = Object::new();
        at.describe(&mut details);
        Self::new("MANDATORY_NOT_FOUND", details, "required field not found")
    }

    /// All faults of a record as the one that Bigin answers with.
    pub(crate) fn together(mut faults: Vec<Self>) -> Option<Self> {
        if faults.len() < 2 {
            return faults.pop();
        }
        let errors: Vec<_> = faults.into_iter().map(Json::from).collect();
        let message = "Multiple errors have been found in the request. Please check the response for more details";
        Some(Self::new(
            "MULTIPLE_OR_MULTI_ERRORS",
            object! {"errors" => errors},
            message,
        ))
    }
}

impl From<Fault> for Json {
    fn from(fault: Fault) -> Self {
        let object = object! {
            "code" => fault.code,
            "details" => fault.details,
            "message" => fault.message,
            "status" => "error",
        };
        object.into()
    }
}

/// Where in the request a fault is: a field of an element of `data`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) element: usize,
    pub(crate) api_name: &'a str,
    /// What follows the field's name in the path, such as `.id`.
    pub(crate) below: &'static str,
}

impl<'a> At<'a> {
    pub(crate) fn field(element: usize, api_name: &'a str) -> Self {
        Self {
            element,
            api_name,
            below: "",
        }
    }

    /// A part of the field's value, such as `.id`.
    pub(crate) fn below(self, below: &'static str) -> Self {
        Self { below, ..self }
    }

    pub(crate) fn path(&self) -> String {
        format!("$.data[{}].{}{}", self.element, self.api_name, self.below)
    }

    fn describe(&self, details: &mut Object) {
        let api_name = if self.below.is_empty() {
            self.api_name
        } else {
            self.below.trim_start_matches('.')
        };
        details.push("api_name", api_name.to_owned());
        details.push("json_path", self.path());
    }
}

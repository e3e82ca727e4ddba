//! A tag of a module (contract, section 7).

use crate::json::{Json, Object, object};

/// A tag of a module.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) id: u64,
    pub(crate) name: String,
}

impl Tag {
    /// As a record shows it.
    pub(crate) fn shown(&self) -> Object {
        object! {"name" => self.name.clone(), "id" => self.id.to_string(), "color_code" => Json::Null}
    }
}

//! A query, read.

/// A query, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) columns: Vec<Column>,
    pub(crate) module: String,
    pub(crate) condition: Condition,
    /// Columns to sort by, and whether downwards.
    pub(crate) order: Vec<(Column, bool)>,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

/// A field, or a field of the record that a lookup points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) field: String,
    pub(crate) of_lookup: Option<String>,
}

impl Column {
    pub(crate) fn name(&self) -> String {
        match &self.of_lookup {
            Some(inner) => format!("{}.{inner}", self.field),
            None => self.field.clone(),
        }
    }
}

/// What a record must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    All(Box<Condition>, Box<Condition>),
    Any(Box<Condition>, Box<Condition>),
    Compare(Column, Operator, Literal),
    /// Is one of the values, or is none of them.
    OneOf(Column, Vec<Literal>, bool),
    Between(Column, Literal, Literal, bool),
    /// Is empty, or is not.
    Empty(Column, bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Like,
    NotLike,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Number(f64),
    /// A whole number as it was written: an id of 19 digits does not survive a double.
    Whole(u64),
    Bool(bool),
    Null,
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be read; near which clause or word.
    Syntax { near: String, message: &'static str },
    /// It asks for something that is not there.
    Invalid { reason: &'static str, column: String },
    /// The module does not exist.
    Module,
    /// A column twice.
    Duplicate(String),
    /// More of something than is allowed.
    Limit { limit: usize, message: &'static str },
}

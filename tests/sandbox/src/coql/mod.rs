//! COQL: the subset that clients use (contract, section 6.5). No functions, no aggregates, no `group by`.

mod candidates;
mod cursor;
mod evaluate;
mod lexer;
mod parser;
mod serve;

pub(crate) use serve::{fits, serve};

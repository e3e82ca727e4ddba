//! Checks a header and a mapping before the first row: which column fills which field, and what refuses the whole.

use std::collections::HashMap;

use bigin::{CallShape, Operation, Record};

use super::codes;
use super::coerce::Given;
use super::column::Column;
use super::constant::Constant;
use super::directory::{Directory, Unresolved, is_our_own, why_not_written};
use super::draft::Draft;
use super::flaw::HeaderFault;
use super::header_names::{HeaderNames, Said};
use super::mapping::ColumnRule;
use super::setting::Setting;
use super::words::toml_text;

/// What is known of a header and a mapping so far.
pub(super) struct HeaderCheck<'a> {
    pub setting: &'a Setting<'a>,
    pub directory: Directory,
    pub shape: CallShape,
    pub faults: Vec<HeaderFault>,
    pub warnings: Vec<String>,
    /// Which column, or the constants, fill a field.
    pub taken: HashMap<String, String>,
}

/// A header and a mapping with nothing wrong: what a mapper is made of.
pub(super) struct Checked {
    pub directory: Directory,
    pub shape: CallShape,
    pub constants: Vec<Constant>,
    pub warnings: Vec<String>,
}

impl<'a> HeaderCheck<'a> {
    pub fn new(setting: &'a Setting<'a>) -> Result<Self, HeaderFault> {
        let directory = Directory::new(setting.module, setting.fields);
        let shape = setting.shape(&directory)?;
        let mut check = Self {
            setting,
            directory,
            shape,
            faults: Vec::new(),
            warnings: Vec::new(),
            taken: HashMap::new(),
        };
        if !check.directory.verified {
            check.warnings.push(format!(
                "columns were not verified: the token may not read the settings of {}, so that names Bigin does not know \
                 lose their values silently; authorize with ZohoBigin.settings.ALL",
                setting.module
            ));
        }
        check.check_targets();
        check.check_lookups();
        Ok(check)
    }

    /// The columns of a header, in its order; `None` for those that are left out.
    pub fn columns(&mut self, header: &[String]) -> Vec<Option<Column>> {
        let names = HeaderNames::new(header, self.setting.mapping, &self.directory);
        let columns: Vec<Option<Column>> = header
            .iter()
            .zip(&names.said)
            .enumerate()
            .map(|(place, (name, said))| self.column(place, name.trim(), *said))
            .collect();
        if columns.iter().all(Option::is_none) {
            self.say_where_a_header_may_be();
        }
        for name in names.missing {
            self.warnings.push(format!(
                "the mapping names a column {name:?}, which the file does not have"
            ));
        }
        self.check_complete(header);
        columns
    }

    /// A first line of which Bigin knows nothing may be a title.
    fn say_where_a_header_may_be(&mut self) {
        let unknown = self
            .faults
            .iter_mut()
            .filter(|fault| fault.code == codes::COLUMN_UNKNOWN);
        for fault in unknown {
            fault.action = format!(
                "{}; where the header stands on a lower line, say in the mapping how many stand above it, such as skip_first = 1",
                fault.action
            );
        }
    }

    fn column(&mut self, place: usize, header: &str, said: Said<'_>) -> Option<Column> {
        if header.is_empty() {
            self.warnings.push(format!(
                "column {} has no name, or that of another column and no values: it is left out",
                place + 1
            ));
            return None;
        }
        if is_our_own(header) {
            return None;
        }
        let rule = match said {
            Said::LeftOut => return None,
            Said::Nothing => None,
            Said::Rule(rule) => Some(rule),
            Said::Unclear(name) => {
                self.faults.push(HeaderFault::new(
                    codes::COLUMN_AMBIGUOUS,
                    Some(header),
                    format!("the column {header:?} is named as a field is, and the mapping sends {name:?} to another field"),
                    format!(
                        "name the column in the mapping exactly as the file does: {} under [columns], with the field that is meant",
                        toml_text(header)
                    ),
                ));
                return None;
            }
        };
        let column = self.named(header, rule)?;
        let fields = std::iter::once(&column).chain(&column.rest);
        let fields: Vec<String> = fields.map(|column| column.name.as_str().to_owned()).collect();
        let taken = fields.into_iter().find_map(|field| {
            let other = self.taken.insert(field.clone(), header.to_owned())?;
            Some((other, field))
        });
        if let Some((other, field)) = taken {
            self.faults.push(HeaderFault::new(
                codes::COLUMN_TWICE,
                Some(header),
                format!("the columns {other:?} and {header:?} both fill {field}"),
                take_out(header, &other),
            ));
            return None;
        }
        self.is_sent(&column).then_some(column)
    }

    /// Whether a column's values go to Bigin: a delete sends nothing but what it finds the record by.
    fn is_sent(&self, column: &Column) -> bool {
        self.shape.operation != Operation::Delete || column.key
    }

    fn named(&mut self, header: &str, rule: Option<&ColumnRule>) -> Option<Column> {
        let target = rule.and_then(|rule| rule.field.as_deref());
        let module = &self.setting.module;
        let fault = match self.directory.resolve(target.unwrap_or(header)) {
            Ok(place) => {
                let field = &self.directory.fields[place];
                match why_not_written(field) {
                    None => {
                        let column = Column::new(field, rule, self.setting, &self.shape);
                        return Some(column.with_rest(&self.directory, rule, self.setting, &self.shape));
                    }
                    Some(why) => HeaderFault::new(
                        codes::COLUMN_READ_ONLY,
                        Some(header),
                        format!(
                            "the column {header:?} is the field {} of {module}, {why}",
                            field.api_name
                        ),
                        format!(
                            "take it out, or name it in the mapping: ignore = [{}]",
                            toml_text(header)
                        ),
                    ),
                }
            }
            Err(Unresolved::Unverified) => {
                return Some(Column::unverified(
                    target.unwrap_or(header),
                    rule,
                    self.setting.mapping,
                    &self.shape,
                ));
            }
            // What the mapping sends it to was looked at before.
            Err(Unresolved::Ambiguous(_) | Unresolved::Unknown(_)) if target.is_some() => return None,
            Err(Unresolved::Ambiguous(candidates)) => HeaderFault::new(
                codes::COLUMN_AMBIGUOUS,
                Some(header),
                format!("the column {header:?} may mean {} of {module}", candidates.join(" or ")),
                "name the column by the field's API name, or say which it is under [columns] in the mapping",
            ),
            Err(Unresolved::Unknown(hint)) => HeaderFault::new(
                codes::COLUMN_UNKNOWN,
                Some(header),
                format!("the column {header:?} is no field of {module}{hint}"),
                "rename the column, name its field under [columns] in the mapping, or name it there under ignore",
            ),
        };
        self.faults.push(fault);
        None
    }

    /// Makes the constants' values ready.
    fn constants(&mut self) -> Vec<Constant> {
        let mut constants = Vec::new();
        for (name, value) in &self.setting.mapping.constants {
            let Some(column) = self.named_constant(name) else {
                continue;
            };
            if let Some(other) = self
                .taken
                .insert(column.name.as_str().to_owned(), "[constants]".to_owned())
            {
                self.faults.push(HeaderFault::new(
                    codes::COLUMN_TWICE,
                    Some(&other),
                    format!(
                        "the column {other:?} and [constants] both fill {}",
                        column.name.as_str()
                    ),
                    "take the constant out of the mapping, or name the column under ignore",
                ));
                continue;
            }
            if !self.is_sent(&column) {
                continue;
            }
            let mut draft = Draft::new(Record::writer());
            draft.fill(&column, Given::Json(value));
            match Constant::of(draft, &column) {
                Ok(constant) => constants.push(constant),
                Err(message) => self.faults.push(HeaderFault::new(
                    codes::CONSTANT_INVALID,
                    None,
                    format!("the constant {message}"),
                    "correct the value under [constants] in the mapping",
                )),
            }
        }
        constants
    }

    fn named_constant(&mut self, name: &str) -> Option<Column> {
        let column = self.named(name, None);
        // It was named by the mapping, not by the file.
        if column.is_none()
            && let Some(fault) = self.faults.last_mut()
        {
            fault.code = codes::MAPPING_FIELD_UNKNOWN;
            fault.column = None;
            fault.message = format!(
                "in [constants]: {}",
                fault.message.replacen("the column", "the field", 1)
            );
            "correct the name under [constants] in the mapping".clone_into(&mut fault.action);
        }
        column
    }

    /// What a mapper is made of, or why there can be none.
    pub fn finish(mut self) -> Result<Checked, HeaderFault> {
        let constants = self.constants();
        HeaderFault::all(std::mem::take(&mut self.faults))?;
        Ok(Checked {
            directory: self.directory,
            shape: self.shape,
            constants,
            warnings: self.warnings,
        })
    }
}

/// What to do about two columns for one field. Where both have one name, leaving it out would leave out both.
fn take_out(header: &str, other: &str) -> String {
    if header == other {
        "rename one of them in the file, or take it out there".to_owned()
    } else {
        format!(
            "take one of them out, or name it in the mapping: ignore = [{}]",
            toml_text(header)
        )
    }
}

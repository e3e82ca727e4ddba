//! What a mapper is made for, and the shape of the calls that follows from it.

use bigin::{CallShape, ModuleFields, ModuleName, Operation};
use jiff::tz::TimeZone;

use super::codes;
use super::directory::{Directory, Unresolved};
use super::flaw::HeaderFault;
use super::mapped::Stages;
use super::mapping::{Mapping, Overrides};
use super::standard;

/// What a mapper is made for.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The module that records are for.
    pub module: &'a ModuleName,
    /// Its fields; `None` when the token may not read the settings. Names are then taken as they are.
    pub fields: Option<&'a ModuleFields>,
    /// The mapping.
    pub mapping: &'a Mapping,
    /// What a queue message, or a rejects file that was put back, says itself.
    pub overrides: Option<&'a Overrides>,
    /// The organisation's time zone, for times without offset.
    pub time_zone: Option<&'a TimeZone>,
    /// Which stages come between map and deliver.
    pub stages: Stages,
    /// Whether numbers of this file were seen with a comma before their decimals.
    pub decimal_comma: bool,
}

impl<'a> Setting<'a> {
    /// For records of a module, with nothing else known.
    pub fn new(module: &'a ModuleName, fields: Option<&'a ModuleFields>, mapping: &'a Mapping) -> Self {
        Self {
            module,
            fields,
            mapping,
            overrides: None,
            time_zone: None,
            stages: Stages::default(),
            decimal_comma: false,
        }
    }

    /// The shape of the calls: what the message says, else the mapping, else the module's default.
    pub(super) fn shape(&self, directory: &Directory) -> Result<CallShape, HeaderFault> {
        if let Some(fault) = not_writable(self.module) {
            return Err(fault);
        }
        let said = |pick: fn(&Overrides) -> Option<Vec<String>>| self.overrides.and_then(pick);
        let operation = self
            .overrides
            .and_then(|overrides| overrides.operation)
            .or(self.mapping.operation)
            .unwrap_or(Operation::Upsert);
        let cascade = self.overrides.and_then(|overrides| overrides.cascade);
        if operation == Operation::Delete
            && self.module.as_str() == "Accounts"
            && !cascade.unwrap_or(self.mapping.cascade)
        {
            return Err(HeaderFault::new(
                codes::CASCADE_NEEDED,
                None,
                "with a company Bigin deletes its contacts, their notes and activities, too",
                "if that is meant, set cascade = true in the mapping, or \"cascade\": true in the message",
            ));
        }
        let trigger = said(|overrides| overrides.trigger.clone()).or_else(|| self.mapping.trigger.clone());
        let keys = said(|overrides| overrides.match_on.clone())
            .or_else(|| self.mapping.match_on.clone())
            .unwrap_or_else(|| {
                standard::default_key(self.module)
                    .map(str::to_owned)
                    .into_iter()
                    .collect()
            });
        let match_on = match operation {
            Operation::Upsert => self.match_fields(&keys, directory, true)?,
            // The id always identifies; match fields do where a stage looks them up.
            Operation::Update | Operation::Delete if self.stages.keys => {
                let keys: Vec<String> = keys.into_iter().filter(|key| !key.eq_ignore_ascii_case("id")).collect();
                // What several records have is told record by record.
                self.match_fields(&keys, directory, false)?
            }
            Operation::Update | Operation::Delete | Operation::Insert => Vec::new(),
        };
        if operation == Operation::Upsert && match_on.is_empty() {
            return Err(self.no_key(directory));
        }
        Ok(CallShape {
            module: self.module.clone(),
            operation,
            match_on,
            trigger: trigger.unwrap_or_default(),
        })
    }

    fn match_fields(&self, names: &[String], directory: &Directory, unique: bool) -> Result<Vec<String>, HeaderFault> {
        let module = self.module;
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let field = match directory.resolve(name) {
                Ok(place) => &directory.fields[place],
                Err(Unresolved::Unverified) => {
                    fields.push(name.clone());
                    continue;
                }
                Err(Unresolved::Unknown(hint)) => {
                    return Err(HeaderFault::new(
                        codes::MATCH_FIELD_UNKNOWN,
                        None,
                        format!("{module} has no field {name:?} to match on{hint}"),
                        "name a unique field of the module in match_on",
                    ));
                }
                Err(Unresolved::Ambiguous(candidates)) => {
                    return Err(HeaderFault::new(
                        codes::MATCH_FIELD_UNKNOWN,
                        None,
                        format!("match_on {name:?} may mean {} of {module}", candidates.join(" or ")),
                        "give the API name in match_on",
                    ));
                }
            };
            if unique && directory.verified && !field.unique {
                let unique = directory.unique_names();
                let others = if unique.is_empty() {
                    "none".to_owned()
                } else {
                    unique.join(", ")
                };
                return Err(HeaderFault::new(
                    codes::MATCH_FIELD_NOT_UNIQUE,
                    None,
                    format!(
                        "{module} cannot be matched on {}: Bigin does not keep its values unique (unique fields: {others})",
                        field.api_name
                    ),
                    "mark the field as unique in Bigin, or name a unique field in match_on",
                ));
            }
            if !fields.contains(&field.api_name) {
                fields.push(field.api_name.clone());
            }
        }
        Ok(fields)
    }

    fn no_key(&self, directory: &Directory) -> HeaderFault {
        let module = self.module;
        let unique = directory.unique_names();
        let hint = if unique.is_empty() {
            "use operation = \"insert\", or make a field of the module unique in Bigin and name it in match_on"
                .to_owned()
        } else {
            format!(
                "name a unique field in match_on ({}), or use operation = \"insert\"",
                unique.join(", ")
            )
        };
        HeaderFault::new(
            codes::MATCH_FIELD_NEEDED,
            None,
            format!(
                "an upsert into {module} needs a unique field to look records up by, and the module has no default"
            ),
            hint,
        )
    }
}

/// Why records are not pushed into a module, if they are not; told without asking Bigin.
pub fn not_writable(module: &ModuleName) -> Option<HeaderFault> {
    standard::why_not_writable(module).map(|why| {
        HeaderFault::new(
            codes::MODULE_NOT_WRITABLE,
            None,
            format!("records cannot be pushed into {module}: {why}"),
            "push into the module that the records belong to",
        )
    })
}

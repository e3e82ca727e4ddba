//! What must be so of a whole file or message, beside columns that are known.

use bigin::{Field, FieldKind, Operation};

use super::codes;
use super::directory::{Unresolved, why_not_written};
use super::flaw::HeaderFault;
use super::header_check::HeaderCheck;
use super::words::did_you_mean;

impl HeaderCheck<'_> {
    /// The fields that the mapping sends columns to must be there, and of the kind it takes them for.
    pub fn check_targets(&mut self) {
        let mapping = self.setting.mapping;
        for (column, rule) in &mapping.columns {
            for name in &rule.rest {
                let is_written = match self.directory.resolve(name) {
                    Ok(place) => why_not_written(&self.directory.fields[place]).is_none(),
                    Err(error) => error == Unresolved::Unverified,
                };
                if !is_written {
                    let fault = self.no_target(column, name);
                    self.faults.push(fault);
                }
            }
            let target = rule.field.as_deref().unwrap_or(column);
            let Ok(place) = self.directory.resolve(target) else {
                // A column of that name finds its field by itself, or is told to be unknown where it turns up.
                if let Some(target) = rule.field.as_deref()
                    && self.directory.resolve(target) != Err(Unresolved::Unverified)
                {
                    let fault = self.no_target(column, target);
                    self.faults.push(fault);
                }
                continue;
            };
            let field = &self.directory.fields[place];
            let misfit = rule.misfit(field.kind);
            if let Some((key, wanted)) = misfit.filter(|_| self.directory.verified) {
                let message = format!(
                    "the mapping says {key} for the column {column:?}, but {} {wanted}",
                    field.api_name
                );
                let action = format!("take {key} out of the mapping, or correct the field under [columns]");
                self.faults.push(HeaderFault::new(
                    codes::MAPPING_FIELD_UNKNOWN,
                    Some(column),
                    message,
                    action,
                ));
            }
        }
    }

    fn no_target(&self, column: &str, target: &str) -> HeaderFault {
        let hint = match self.directory.resolve(target) {
            Err(Unresolved::Unknown(hint)) => hint,
            Err(Unresolved::Ambiguous(candidates)) => format!("; it may mean {}", candidates.join(" or ")),
            _ => String::new(),
        };
        HeaderFault::new(
            codes::MAPPING_FIELD_UNKNOWN,
            Some(column),
            format!(
                "the mapping sends the column {column:?} to {target:?}, which is no one field of {}{hint}",
                self.setting.module
            ),
            "correct the field under [columns] in the mapping",
        )
    }

    /// What a file must have beside columns that are known.
    pub fn check_complete(&mut self, header: &[String]) {
        // A column that is wrong may be just the one that is missed: one fault is enough.
        if !self.faults.is_empty() {
            return;
        }
        let has = |name: &str| self.taken.contains_key(name) || self.setting.mapping.constants.contains_key(name);
        let operation = self.shape.operation;
        let is_new = matches!(operation, Operation::Insert | Operation::Upsert);
        let missing: Vec<&Field> = self
            .directory
            .fields
            .iter()
            .filter(|field| is_new && field.mandatory && !has(&field.api_name))
            .collect();
        for field in missing {
            self.faults.push(HeaderFault::new(
                codes::MANDATORY_COLUMN_MISSING,
                Some(&field.label),
                format!("no column fills {}, which {} must have{}", field.api_name, self.setting.module, among(&field.label, header)),
                "add the column, or give the field a value under [constants] in the mapping; to change records that are \
                 there, use operation = \"update\"",
            ));
        }
        let has = |name: &str| self.taken.contains_key(name) || self.setting.mapping.constants.contains_key(name);
        let match_on = &self.shape.match_on;
        let found_by_key = match_on.iter().any(|name| self.taken.contains_key(name));
        let fault = match operation {
            Operation::Upsert if !found_by_key => Some(HeaderFault::new(
                codes::MATCH_COLUMN_MISSING,
                match_on.first().map(String::as_str),
                format!(
                    "no column fills {}, by which records are looked up{}",
                    match_on.join(" or "),
                    match_on.first().map_or_else(String::new, |name| among(name, header))
                ),
                "add the column, name another unique field in match_on, or use operation = \"insert\"",
            )),
            Operation::Update | Operation::Delete if !has("id") && !found_by_key => Some(HeaderFault::new(
                codes::ID_COLUMN_MISSING,
                Some("id"),
                format!("the {operation} has no column \"id\", by which the records are found"),
                "add the column with the records' ids in Bigin, as its exports have it",
            )),
            _ => None,
        };
        self.faults.extend(fault);
        let missing = [("Related_To", "$related_module"), ("Parent_Id", "$se_module")]
            .into_iter()
            .find(|(related, module)| is_new && has(related) && !has(module));
        if let Some((related, module)) = missing {
            self.faults.push(HeaderFault::new(
                codes::RELATED_MODULE_MISSING,
                Some(related),
                format!("{related} says which record an activity or a note is about, but nothing says of which module"),
                format!("add the column {module} (Contacts, Accounts or Deals), or give it under [constants]"),
            ));
        }
    }

    /// What the mapping says about lookups must be about lookups.
    pub fn check_lookups(&mut self) {
        for name in self.setting.mapping.lookups.keys() {
            let field = self
                .directory
                .resolve(name)
                .ok()
                .map(|place| &self.directory.fields[place]);
            let is_lookup = |field: &Field| {
                matches!(field.kind, FieldKind::Lookup | FieldKind::OwnerLookup)
                    || matches!(field.api_name.as_str(), "Pipeline" | "Related_To" | "Parent_Id")
            };
            if field.is_some_and(is_lookup) || (field.is_none() && !self.directory.verified) {
                continue;
            }
            let lookups = self
                .directory
                .fields
                .iter()
                .filter(|field| is_lookup(field))
                .map(|field| field.api_name.as_str());
            self.faults.push(HeaderFault::new(
                codes::MAPPING_FIELD_UNKNOWN,
                None,
                format!(
                    "the mapping has [lookup.{name}], but {name} is no lookup of {}{}",
                    self.setting.module,
                    did_you_mean(name, lookups)
                ),
                "give the API name of a lookup",
            ));
        }
    }
}

/// Which of the file's columns may be the one that is missed.
fn among(name: &str, header: &[String]) -> String {
    did_you_mean(name, header.iter().map(String::as_str)).replacen("; did you mean", "; is it", 1)
}

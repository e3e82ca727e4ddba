//! Turns rows into records.

use bigin::{CallShape, ModuleName, Operation, Record, RecordWriter};
use serde_json::{Map, Value};

use super::codes;
use super::coerce::{FirstOf, Given, Says, is_clean};
use super::column::Column;
use super::constant::Constant;
use super::directory::Directory;
use super::draft::{Draft, surely};
use super::flaw::{Flaw, HeaderFault};
use super::header_check::{Checked, HeaderCheck};
use super::mapped::Mapped;
use super::mapping::{EmptyCells, WithoutKey};
use super::objects::ObjectKeys;
use super::setting::Setting;
use crate::record::{Content, MatchKey, Reject, RepairKind, Row};

/// Turns rows into records: made once for a file or a kind of message, then used for each row.
#[derive(Debug, Clone)]
pub struct RecordMapper {
    shape: CallShape,
    columns: Vec<Option<Column>>,
    objects: Option<ObjectKeys>,
    constants: Vec<Constant>,
    warnings: Vec<String>,
    empty: EmptyCells,
    clear_marker: Option<String>,
    without_key: WithoutKey,
    /// About how many bytes of a record are not values.
    overhead: usize,
}

impl RecordMapper {
    fn new(setting: &Setting<'_>, checked: Checked) -> (Self, Directory) {
        let constants = checked.constants;
        let constant_bytes =
            |constant: &Constant| constant.name.as_str().len() + 4 + constant.json.as_ref().map_or(0, String::len);
        let mapper = Self {
            overhead: constants.iter().map(constant_bytes).sum(),
            shape: checked.shape,
            columns: Vec::new(),
            objects: None,
            constants,
            warnings: checked.warnings,
            empty: setting.mapping.empty,
            clear_marker: setting.mapping.clear_marker.clone(),
            without_key: setting.mapping.without_key,
        };
        (mapper, checked.directory)
    }

    /// A mapper for the rows of a table with this header.
    ///
    /// # Errors
    /// A column is unknown, ambiguous, read-only or there twice; a column that must be there is missing; the match
    /// fields are none; or the mapping names what the module does not have.
    pub fn for_columns(header: &[String], setting: &Setting<'_>) -> Result<Self, HeaderFault> {
        let mut check = HeaderCheck::new(setting)?;
        let columns = check.columns(header);
        let (mut mapper, _) = Self::new(setting, check.finish()?);
        // Quotes, colon, comma, and the braces of a lookup.
        mapper.overhead += columns
            .iter()
            .flatten()
            .map(|column| column.name.as_str().len() + 8)
            .sum::<usize>();
        mapper.columns = columns;
        Ok(mapper)
    }

    /// A mapper for JSON objects, whose keys are looked up in each.
    ///
    /// # Errors
    /// The match fields are none, or the mapping names what the module does not have.
    pub fn for_objects(setting: &Setting<'_>) -> Result<Self, HeaderFault> {
        let check = HeaderCheck::new(setting)?;
        let (mut mapper, directory) = Self::new(setting, check.finish()?);
        mapper.objects = Some(ObjectKeys::new(directory, setting, &mapper.shape, &mapper.constants));
        Ok(mapper)
    }

    /// What all calls with these records have in common.
    pub fn shape(&self) -> &CallShape {
        &self.shape
    }

    /// What an operator should know, although it stops nothing.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The field that each of the header's columns fills; `None` for those that are left out. Empty for JSON objects.
    pub fn fields(&self) -> Vec<Option<&str>> {
        self.columns
            .iter()
            .map(|column| column.as_ref().map(|column| column.name.as_str()))
            .collect()
    }

    /// Whether records without a value in any match field are inserted.
    pub fn inserts_without_key(&self) -> bool {
        self.without_key == WithoutKey::Insert
    }

    /// The record of a row.
    ///
    /// # Errors
    /// The row cannot be read, a value does not fit its field, or one that must be there is missing.
    pub fn map(&self, row: &Row) -> Result<Mapped, Reject> {
        match row.content() {
            Content::Cells(cells) => self.map_cells(cells.iter(), row.raw().len()),
            Content::Object(object) => self.map_object(object),
            Content::Broken(reject) => Err(reject.clone()),
        }
    }

    /// The record of a row whose cells come in the header's order. Missing cells at the end are empty ones; `bytes` is
    /// about how long the row is.
    ///
    /// # Errors
    /// A value does not fit its field, or one that must be there is missing.
    pub fn map_cells<'a>(&self, cells: impl IntoIterator<Item = &'a str>, bytes: usize) -> Result<Mapped, Reject> {
        let mut draft = Draft::new(Record::writer_for(self.overhead + bytes));
        let mut cells = cells.into_iter();
        for column in &self.columns {
            let cell = cells.next().unwrap_or_default();
            let Some(column) = column else { continue };
            if cell.is_empty() && self.empty == EmptyCells::Keep {
                draft.leave_out(column);
            } else if self.clear_marker.is_none() && column.copies(cell) {
                draft.copy(column, cell);
            } else {
                self.take(column, Given::Cell(cell), &mut draft);
            }
        }
        self.finish(draft)
    }

    /// The record of a JSON object.
    ///
    /// # Errors
    /// A key is no field, a value does not fit its field, or one that must be there is missing.
    pub fn map_object(&self, object: &Map<String, Value>) -> Result<Mapped, Reject> {
        let Some(objects) = &self.objects else {
            return Err(Reject::relay(
                codes::WRONG_TYPE,
                None,
                "a JSON object among the rows of a table",
            ));
        };
        let mut draft = Draft::new(Record::writer_for(self.overhead + 32 * object.len()));
        objects.read(object, &mut draft, |column, value, draft| {
            self.take(column, Given::Json(value), draft);
        });
        self.finish(draft)
    }

    /// Whether an empty value of the column says that the record cannot be found, instead of clearing the field: an update
    /// may be found by another one.
    fn must_be_found_by(&self, column: &Column) -> bool {
        column.key && (self.shape.operation != Operation::Update || column.name.as_str() == "id")
    }

    /// Takes a value, as it is once what nobody sees is taken off.
    fn take(&self, column: &Column, given: Given<'_>, draft: &mut Draft) {
        let (meant, names);
        let given = match given.whole_text() {
            Some(text) if !is_clean(text, column.care) => match draft.meant(column, text) {
                Ok(text) => {
                    meant = text;
                    given.with_text(&meant)
                }
                Err(flaw) => return draft.flaws.add(Some(column.name.as_str()), flaw),
            },
            None if given.has_nul() => {
                let flaw = Flaw::new(codes::CONTROL_CHARACTER, "it has a NUL (U+0000) in it");
                return draft.flaws.add(Some(column.name.as_str()), flaw);
            }
            None if column.takes_names() => match draft.meant_names(column, given.items()) {
                Ok(None) => given,
                Ok(Some(list)) => {
                    names = list;
                    Given::Json(&names)
                }
                Err(flaw) => return draft.flaws.add(Some(column.name.as_str()), flaw),
            },
            _ => given,
        };
        let Some(several) = &column.several else {
            return self.take_one(column, given, draft);
        };
        if !column.rest.is_empty() {
            return self.spread(column, several, given, draft);
        }
        if let Some(first) = given.plain_text().and_then(|text| several.read(text)) {
            draft.repairs.add_in(column.name.shared(), RepairKind::FirstTaken);
            return self.take_one(column, given.with_text(first), draft);
        }
        self.take_one(column, given, draft);
    }

    /// Takes each of several values into a field of its own.
    fn spread(&self, column: &Column, several: &FirstOf, given: Given<'_>, draft: &mut Draft) {
        let text = given.plain_text().unwrap_or_default();
        let parts = several.all(text);
        if parts.len() > 1 + column.rest.len() {
            let why = format!(
                "it has {} values, and the mapping has {} fields for them",
                parts.len(),
                1 + column.rest.len()
            );
            return draft
                .flaws
                .add(Some(column.name.as_str()), Flaw::new(codes::TWO_VALUES, why));
        }
        for (place, column) in std::iter::once(column).chain(&column.rest).enumerate() {
            match parts.get(place) {
                Some(part) => self.take_one(column, given.with_text(part), draft),
                None if place == 0 => self.take_one(column, given, draft),
                None => self.take_one(column, Given::Cell(""), draft),
            }
        }
    }

    fn take_one(&self, column: &Column, given: Given<'_>, draft: &mut Draft) {
        let clears = match given.plain_text() {
            Some("") => self.empty == EmptyCells::Clear && !self.must_be_found_by(column),
            Some(text) if self.clear_marker.as_deref() == Some(text) => true,
            _ if matches!(given, Given::Json(Value::Null)) => true,
            _ => match column.none.read(given) {
                Says::Value => return draft.fill(column, given),
                says => {
                    if says == Says::SurelyNone {
                        draft.repairs.add_in(column.name.shared(), RepairKind::NoValue);
                    }
                    column.none.clears && !self.must_be_found_by(column)
                }
            },
        };
        if !clears {
            return draft.leave_out(column);
        }
        if self.must_be_found_by(column) {
            return draft.leave_out(column);
        }
        if column.mandatory {
            let flaw = Flaw::new(codes::MANDATORY_EMPTY, "must have a value and cannot be cleared");
            return draft.flaws.add(Some(column.name.as_str()), flaw);
        }
        // A new record has nothing to clear.
        if self.shape.operation != Operation::Insert {
            draft.clear(column);
        }
    }

    fn finish(&self, mut draft: Draft) -> Result<Mapped, Reject> {
        if let Some(reject) = std::mem::take(&mut draft.flaws).into_reject() {
            return Err(reject);
        }
        let operation = self.shape.operation;
        if draft.keys.is_empty() && operation != Operation::Insert {
            let may_be_new = operation == Operation::Upsert && self.without_key == WithoutKey::Insert;
            if !may_be_new {
                return Err(self.key_missing());
            }
        }
        // A record that is found by its id may get other values of the match fields.
        let changes_a_key = draft.keys.len() > 1 && draft.keys.iter().any(|key| key.field() == "id");
        let has_content = draft.content || changes_a_key || !self.constants.is_empty();
        if operation == Operation::Update && !has_content {
            return Err(Reject::relay(
                codes::NOTHING_TO_WRITE,
                None,
                "nothing is to be changed: every cell beside what the record is found by is empty",
            ));
        }
        for constant in &self.constants {
            draft.related = draft.related.or(constant.related);
            draft.has_related |= constant.has_related;
            if let Some(constant_json) = &constant.json {
                let writer = if constant.is_second {
                    draft.second.get_or_insert_with(Record::writer)
                } else {
                    &mut draft.writer
                };
                surely(writer.value(&constant.name, |json| {
                    json.push_str(constant_json);
                    Ok(())
                }));
            }
            draft.references.extend_from_slice(&constant.references);
            draft.tags.extend_from_slice(&constant.tags);
        }
        draft.find_related()?;
        let note_of = self.note_of(&draft)?;
        if draft.writer.is_empty() && draft.references.is_empty() && operation != Operation::Delete {
            return Err(Reject::relay(
                codes::NOTHING_TO_WRITE,
                None,
                "every cell of the row is empty",
            ));
        }
        if draft.keys.len() > 1 {
            draft.keys.sort_by_key(|key| self.place_of(key));
        }
        Ok(Mapped {
            record: draft.writer.finish(),
            keys: draft.keys,
            references: draft.references,
            second: draft.second.map(RecordWriter::finish),
            tags: draft.tags,
            note_of,
            repairs: draft.repairs,
            decimal_comma: draft.decimal_comma,
        })
    }

    /// The module of the record that a new note belongs to: the note is sent there.
    fn note_of(&self, draft: &Draft) -> Result<Option<ModuleName>, Reject> {
        if self.shape.operation != Operation::Insert || self.shape.module.as_str() != "Notes" {
            return Ok(None);
        }
        let module = draft
            .related
            .and_then(|related| ModuleName::parse(related.module()).ok());
        match module {
            Some(module) if draft.has_related => Ok(Some(module)),
            _ => Err(Reject::relay(
                codes::MANDATORY_EMPTY,
                Some("Parent_Id".to_owned()),
                "a note belongs to a record: Parent_Id names it, and $se_module says which module it is in (Contacts, \
                 Accounts or Deals)",
            )),
        }
    }

    /// Match fields in the order they are checked in; the id before all.
    fn place_of(&self, key: &MatchKey) -> usize {
        self.shape
            .match_on
            .iter()
            .position(|field| field == key.field())
            .map_or(0, |place| place + 1)
    }

    fn key_missing(&self) -> Reject {
        let match_on = &self.shape.match_on;
        match self.shape.operation {
            Operation::Update | Operation::Delete => {
                let or_key = if match_on.is_empty() {
                    String::new()
                } else {
                    format!(", or a value in {}", match_on.join(" or "))
                };
                Reject::relay(
                    codes::MATCH_KEY_MISSING,
                    Some("id".to_owned()),
                    format!("the record has no id{or_key}: nothing says which record of Bigin is meant"),
                )
            }
            _ => Reject::relay(
                codes::MATCH_KEY_MISSING,
                match_on.first().cloned(),
                format!(
                    "no value in {}, by which the record is looked up: fill it in, or set without_key = \"insert\" in the \
                     mapping",
                    match_on.join(" or ")
                ),
            ),
        }
    }
}

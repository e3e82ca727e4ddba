//! Which column is which field, and when too many rows are bad: the mapping, as an import uses it.

use std::collections::{BTreeMap, BTreeSet};

use bigin::CallShape;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::decode::{Form, Format, NOT_A_RECORD};
use crate::import::progress::Plan;
use crate::import::row_overrides::RowOverrides;
use crate::map::codes::COLUMN_UNKNOWN;
use crate::map::{HeaderFault, Mapped, Mapping, RecordMapper, Route, SameKey, Setting, StopAfter, Versions, codes};
use crate::record::{Content, Reject, Row};
use crate::report::Reason;
use crate::resolve;
use shared::metadata_cache::Metadata;
use shared::module_names::by_own_name;

/// The modules whose records others may refer to (Bigin developer guide, "Modules Metadata").
const PARENTS: [&str; 4] = ["Accounts", "Contacts", "Pipelines", "Products"];
/// The fields that say which record an activity or a note is about.
const ABOUT: [&str; 6] = [
    "Related_To",
    "Parent_Id",
    "What_Id",
    "Who_Id",
    "$related_module",
    "$se_module",
];

/// Makes records of a file's rows.
pub struct Columns {
    mapper: RecordMapper,
    header: Vec<String>,
    said: Option<RowOverrides>,
    stop_after: StopAfter,
    /// When a file is refused because its rows share keys.
    pub same_key: SameKey,
    /// Which versions of the file are imported.
    pub versions: Versions,
    warnings: Vec<String>,
    refers_to: BTreeSet<String>,
    /// Where a rejects file says why a row was rejected.
    code_column: Option<usize>,
}

/// The column of a rejects file that says why.
const CODE: &str = "_code";

/// Why a file's columns cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// What the report says.
    pub reason: Reason,
    /// The column that fills no field, where that is why.
    pub unknown_column: Option<String>,
}

impl From<Reason> for Unusable {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            unknown_column: None,
        }
    }
}

impl Columns {
    /// For the file of a plan.
    ///
    /// # Errors
    /// The mapping or the header is at fault, so that the file is refused.
    pub fn of(plan: &Plan, metadata: &Metadata) -> Result<Self, Unusable> {
        let mut mapping = match &plan.mapping {
            None => Mapping::default(),
            Some(text) => Mapping::parse(text).map_err(|fault| {
                let key = plan.mapping_key.as_deref().unwrap_or("the mapping");
                let message = format!("{key}, line {}: {fault}", fault.line);
                Reason::new("BAD_MAPPING", message, "correct the mapping, then put the file again")
            })?,
        };
        mapping.ignore.extend(plan.vanished.iter().cloned());
        let zone = plan.time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok());
        let setting = Setting {
            time_zone: zone.as_ref(),
            stages: resolve::STAGES,
            decimal_comma: plan.decimal_comma,
            overrides: plan.said.as_ref(),
            ..Setting::new(&plan.module, metadata.fields(), &mapping)
        };
        let made = match plan.form.format {
            Format::Delimited => RecordMapper::for_columns(&plan.form.columns(), &setting),
            Format::Ndjson | Format::JsonArray | Format::JsonObjects => RecordMapper::for_objects(&setting),
        };
        let mapper = made.map_err(|fault| Unusable {
            reason: refusal(&plan.form, &fault),
            unknown_column: fault.column.filter(|_| fault.code == COLUMN_UNKNOWN),
        })?;
        let mut warnings = mapper.warnings().to_vec();
        if mapping.route == Route::Bulk {
            warnings.push("route = \"bulk\" is not built: the records go in calls of up to 100".to_owned());
        }
        let refers_to = refers_to(&mapper, &mapping, metadata);
        Ok(Self {
            mapper,
            code_column: plan.form.header.iter().position(|name| name == CODE),
            header: plan.form.header.clone(),
            refers_to,
            said: plan.said.clone().map(|said| RowOverrides::new(&plan.form, said)),
            stop_after: mapping.stop_after,
            same_key: mapping.same_key,
            versions: mapping.versions,
            warnings,
        })
    }

    /// What all calls with these records have in common.
    pub fn shape(&self) -> &CallShape {
        self.mapper.shape()
    }

    /// The modules that its columns look up.
    pub fn refers_to(&self) -> &BTreeSet<String> {
        &self.refers_to
    }

    /// What an operator should know, although it stops nothing.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        self.warnings.iter().cloned()
    }

    /// The record of a row, and what must be found out before it is sent.
    ///
    /// # Errors
    /// The row is rejected before it is sent.
    pub fn map(&self, row: &Row) -> Result<Mapped, Reject> {
        if let Some(said) = &self.said {
            said.check(row)?;
        }
        self.mapper.map(row)
    }

    /// Which column fills which field, for the plan. Null for a column that is left out.
    pub fn described(&self) -> Value {
        let fields = self.mapper.fields();
        self.header
            .iter()
            .zip(fields)
            .map(|(column, field)| json!({"column": column, "field": field}))
            .collect()
    }

    /// Why a file is refused whose id column has no id of a record: it is another program's.
    pub fn foreign_ids(&self, rows: u64, rejects_by_code: &BTreeMap<String, u64>) -> Option<Reason> {
        let place = self.mapper.fields().iter().position(|field| *field == Some("id"))?;
        let name = self.header.get(place)?;
        let of_ids = rejects_by_code.get(codes::INVALID_ID).copied().unwrap_or_default();
        let others = [NOT_A_RECORD].iter().filter_map(|code| rejects_by_code.get(*code));
        (of_ids > 0 && of_ids + others.sum::<u64>() == rows).then(|| {
            let message = format!("the column {name:?} is named as Bigin's record id, and no value in it is one (15 to 20 digits)");
            let quoted = Value::from(name.as_str());
            let action = format!(
                "if it is another program's, say which field it fills under [columns] in the mapping, or leave it out: ignore = \
                 [{quoted}]"
            );
            Reason::new(codes::FOREIGN_IDS, message, &action)
        })
    }

    /// Whether a row of a rejects file has the fault for which it was rejected before.
    pub fn is_unmended(&self, row: &Row, reject: &Reject) -> bool {
        let code = match row.content() {
            Content::Cells(cells) => self.code_column.and_then(|place| cells.get(place)),
            Content::Object(object) => object.get(CODE).and_then(Value::as_str),
            Content::Broken(_) => None,
        };
        code == Some(reject.code.as_str())
    }

    /// Why an import stops of whose rows so many have ended, because one code rejects too many of them.
    pub fn stops_at(&self, ended: u64, rejects_by_code: &BTreeMap<String, u64>) -> Option<Reason> {
        let (code, count) = rejects_by_code.iter().max_by_key(|(_, count)| **count)?;
        let too_many = match self.stop_after {
            StopAfter::Never => false,
            StopAfter::Rejects(most) => *count >= most.max(1),
            StopAfter::Share { percent, of_at_least } => {
                ended >= of_at_least && *count * 100 >= ended.saturating_mul(u64::from(percent).max(1))
            }
        };
        too_many.then(|| {
            Reason::new(
                "TOO_MANY_REJECTS",
                format!("{count} of {ended} rows were rejected with {code}: something is wrong with the file or the module as a whole"),
                "mend it and put the file again; if so many rejects are meant to be, set stop_after in the mapping",
            )
        })
    }
}

/// The modules of the records that the fields of a header, or of the constants, may refer to. JSON objects may name any
/// field of their module.
fn refers_to(mapper: &RecordMapper, mapping: &Mapping, metadata: &Metadata) -> BTreeSet<String> {
    let columns = mapper.fields();
    let names: BTreeSet<&str> = columns.iter().flatten().copied().collect();
    let constants = mapping.constants.keys().map(String::as_str);
    let (all, constants): (_, BTreeSet<&str>) = (columns.is_empty(), constants.collect());
    let Some(known) = metadata.fields() else {
        return PARENTS.map(str::to_owned).into();
    };
    let meant = known
        .fields
        .iter()
        .filter(|field| all || names.contains(&*field.api_name) || constants.contains(&*field.api_name));
    let mut modules = BTreeSet::new();
    for field in meant {
        match &field.lookup_module {
            Some(module) => {
                let name = by_own_name(module);
                modules.insert(name.map_or_else(|| module.clone(), |name| name.as_str().to_owned()));
            }
            // An activity or a note may be about a record of any of these.
            None if ABOUT.contains(&&*field.api_name) => modules.extend(PARENTS.map(str::to_owned)),
            None => {}
        }
    }
    if ABOUT
        .iter()
        .any(|name| names.contains(name) || constants.contains(name))
    {
        modules.extend(PARENTS.map(str::to_owned));
    }
    modules
}

/// A header's fault, with the place in the file.
fn refusal(form: &Form, fault: &HeaderFault) -> Reason {
    let at = fault
        .column
        .as_ref()
        .and_then(|column| form.header.iter().position(|name| name == column));
    let place = match at {
        Some(at) => format!("line {}, column {}: ", 1 + u32::from(form.sep_line), at + 1),
        None => String::new(),
    };
    Reason::new(fault.code, format!("{place}{}", fault.message), &fault.action)
}

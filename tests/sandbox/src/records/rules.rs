//! Rules that look at several fields of a record: pipelines and their stages, activities and their parents, calls.

use serde_json::{Map, Value};

use super::desk::Desk;
use super::pending::{Change, Draft};
use super::validate::Mode;
use crate::fault::{At, Fault};
use crate::json::object;
use crate::metadata::{Kind, ModuleName, TeamPipeline};
use crate::store::Cell;

/// The faults that only the record as a whole shows.
pub(super) fn check(
    desk: &Desk<'_>,
    module: ModuleName,
    mode: Mode,
    number: usize,
    element: &Map<String, Value>,
    draft: &Draft,
) -> Vec<Fault> {
    match module {
        ModuleName::Pipelines => pipeline(desk, mode, number, element, draft),
        ModuleName::Tasks | ModuleName::Events => parent(number, element).into_iter().collect(),
        ModuleName::Calls => parent(number, element)
            .into_iter()
            .chain(call(desk, mode, number, draft))
            .collect(),
        _ => Vec::new(),
    }
}

/// A field as it will be: what the draft sets, or what the record has.
fn becoming(desk: &Desk<'_>, module: ModuleName, mode: Mode, draft: &Draft, api_name: &str) -> Option<Cell> {
    let place = desk.organisation.schema(module).place(api_name)?;
    match (draft.get(place), mode) {
        (Some(Change::Set(cell)), _) => Some(cell.clone()),
        (Some(_), _) | (None, Mode::Insert) => None,
        (None, Mode::Update(id)) => desk.organisation.store(module).get(id)?.get(place).cloned(),
    }
}

fn mismatch(number: usize, api_name: &str, mapped: &'static str) -> Fault {
    let at = At::field(number, api_name);
    let details = object! {
        "mapped_field" => object! {"api_name" => mapped, "json_path" => At::field(number, mapped).path()},
        "api_name" => api_name.to_owned(),
        "json_path" => at.path(),
    };
    Fault::new(
        "MAPPING_MISMATCH",
        details,
        "the given combination of values is not mapped",
    )
}

fn pipeline(desk: &Desk<'_>, mode: Mode, number: usize, element: &Map<String, Value>, draft: &Draft) -> Vec<Fault> {
    let touched = |name| element.get(name).is_some();
    let becoming = |name| becoming(desk, ModuleName::Pipelines, mode, draft, name);
    if mode == Mode::Insert && element.get("Pipeline").is_none_or(Value::is_null) {
        // Mandatory since the organisation has more than one team pipeline.
        return vec![Fault::mandatory(&At::field(number, "Pipeline"))];
    }
    if !["Pipeline", "Sub_Pipeline", "Stage"].into_iter().any(touched) {
        return Vec::new();
    }
    let (Some(Cell::Pipeline(id)), Some(Cell::Text(sub_pipeline)), Some(Cell::Text(stage))) =
        (becoming("Pipeline"), becoming("Sub_Pipeline"), becoming("Stage"))
    else {
        return Vec::new();
    };
    let Some(stages) = TeamPipeline::find(id).and_then(|pipeline| pipeline.stages(&sub_pipeline)) else {
        return vec![mismatch(number, "Sub_Pipeline", "Pipeline")];
    };
    if stages.contains(&stage.as_ref()) {
        Vec::new()
    } else {
        vec![mismatch(number, "Stage", "Sub_Pipeline")]
    }
}

/// An activity's parent needs to say in which module it is, and calls deals `Deals`.
fn parent(number: usize, element: &Map<String, Value>) -> Option<Fault> {
    element.get("Related_To").filter(|value| !value.is_null())?;
    let at = At::field(number, "$related_module");
    match element.get("$related_module").and_then(Value::as_str) {
        None => {
            let expected = object! {"api_name" => "$related_module", "json_path" => at.path()};
            let details = object! {
                "expected_fields" => vec![expected],
                "api_name" => "Related_To",
                "json_path" => At::field(number, "Related_To").path(),
            };
            Some(Fault::new("EXPECTED_FIELD_MISSING", details, "expected field missing"))
        }
        Some(word) if ModuleName::related(word).is_none() => {
            Some(Fault::unsupported(&at, &["Contacts", "Accounts", "Deals"]))
        }
        Some(_) => None,
    }
}

/// A call that took place took some time.
fn call(desk: &Desk<'_>, mode: Mode, number: usize, draft: &Draft) -> Option<Fault> {
    let place = |kind| {
        desk.fields(ModuleName::Calls)
            .iter()
            .position(|field| field.kind == kind)
    };
    draft.get(place(Kind::Duration)?)?;
    let length = becoming(desk, ModuleName::Calls, mode, draft, "Call_Duration")?;
    let Some(Cell::Text(kind)) = becoming(desk, ModuleName::Calls, mode, draft, "Call_Type") else {
        return None;
    };
    let is_zero = match &length {
        Cell::Number(minutes) => minutes.as_i64() == Some(0),
        Cell::Text(text) => text.bytes().all(|byte| byte == b'0' || byte == b':'),
        _ => false,
    };
    if !is_zero || &*kind == "Missed" {
        return None;
    }
    let details = object! {
        "dependee" => object! {"api_name" => "Call_Type", "json_path" => At::field(number, "Call_Type").path()},
        "api_name" => "Call_Duration",
        "json_path" => At::field(number, "Call_Duration").path(),
    };
    Some(Fault::new(
        "DEPENDENT_MISMATCH",
        details,
        "the call duration must not be zero",
    ))
}

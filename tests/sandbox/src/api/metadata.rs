//! `/settings/...`: modules, fields and layouts.

use crate::answer::{Answer, Refusal};
use crate::http::Call;
use crate::json::object;
use crate::metadata::{ModuleName, describe_field, describe_layouts, describe_module, describe_modules};
use crate::records::Desk;

pub(super) fn modules() -> Answer {
    Answer::json(200, object! {"modules" => describe_modules()})
}

pub(super) fn module(module: ModuleName) -> Answer {
    Answer::json(200, object! {"modules" => vec![describe_module(module)]})
}

pub(super) fn fields(desk: &Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    let schema = desk.organisation.schema(asked_module(call)?);
    let fields: Vec<_> = schema.present().map(|(_, field)| describe_field(field)).collect();
    Ok(Answer::json(200, object! {"fields" => fields}))
}

pub(super) fn layouts(desk: &Desk<'_>, call: &Call) -> Result<Answer, Refusal> {
    let schema = desk.organisation.schema(asked_module(call)?);
    Ok(Answer::json(200, object! {"layouts" => describe_layouts(schema)}))
}

/// The `module` parameter.
pub(super) fn asked_module(call: &Call) -> Result<ModuleName, Refusal> {
    let name = call
        .query
        .get("module")
        .ok_or_else(|| Refusal::missing_param("module"))?;
    ModuleName::parse(name).ok_or_else(|| {
        Refusal::new(
            400,
            "INVALID_MODULE",
            object! {"param_name" => "module"},
            "the module name given seems to be invalid",
        )
    })
}

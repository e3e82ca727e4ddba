//! Modules, fields and layouts as Bigin describes them (contract, section 8).

use super::{Field, Kind, ModuleName, Schema, TeamPipeline};
use crate::json::{Json, Object, object};

const PROFILE: (u64, &str) = (5_876_876_000_000_026_011, "Administrator");

fn id(id: u64) -> String {
    id.to_string()
}

fn profile(permission: Option<&'static str>) -> Json {
    let mut profile = Object::new();
    if let Some(permission) = permission {
        profile.push("permission_type", permission);
    }
    profile.push("name", PROFILE.1);
    profile.push("id", id(PROFILE.0));
    vec![profile].into()
}

/// One module.
pub(crate) fn describe_module(module: ModuleName) -> Object {
    let (singular, plural) = module.labels();
    described(
        module.api_name(),
        singular,
        plural,
        module.id(),
        true,
        "default",
        Object::new(),
    )
}

/// All modules: those whose records are kept here, and three that Bigin names besides.
pub(crate) fn describe_modules() -> Vec<Object> {
    let mut modules: Vec<_> = ModuleName::ALL.into_iter().map(describe_module).collect();
    let parent = object! {"api_name" => "Pipelines", "id" => id(ModuleName::Pipelines.id())};
    modules.push(described(
        "Associated_Products",
        "Product",
        "Products",
        5_876_876_000_000_011_000,
        true,
        "subform",
        parent,
    ));
    modules.push(described(
        "Attachments",
        "Attachment",
        "Attachments",
        5_876_876_000_000_012_000,
        true,
        "default",
        Object::new(),
    ));
    modules.push(described(
        "Social",
        "Social",
        "Social",
        5_876_876_000_000_013_000,
        false,
        "default",
        Object::new(),
    ));
    modules
}

fn described(
    api_name: &'static str,
    singular: &'static str,
    plural: &'static str,
    module_id: u64,
    served: bool,
    generated: &'static str,
    parent: Object,
) -> Object {
    let module_name = if api_name == "Associated_Products" {
        "LinkingModule1"
    } else {
        api_name
    };
    object! {
        "api_supported" => served,
        "creatable" => served,
        "editable" => served,
        "deletable" => served,
        "viewable" => served,
        "visible" => served,
        "singular_label" => singular,
        "plural_label" => plural,
        "api_name" => api_name,
        "module_name" => module_name,
        "generated_type" => generated,
        "parent_module" => parent,
        "profiles" => profile(None),
        "id" => id(module_id),
    }
}

/// One field.
pub(crate) fn describe_field(field: &Field) -> Object {
    let (data_type, json_type) = field.kind.types();
    let writable = field.shown_for_writing;
    let permission = if field.read_only { "read_only" } else { "read_write" };
    let filterable = field.is_filterable();
    let mut described = object! {
        "id" => id(field.id),
        "api_name" => field.api_name,
        "field_label" => field.label.clone(),
        "display_label" => field.label.clone(),
        "data_type" => data_type,
        "json_type" => json_type,
        "length" => field.length,
        "decimal_place" => field.decimal_place,
        "system_mandatory" => field.mandatory,
        "read_only" => field.read_only,
        "field_read_only" => field.field_read_only,
        "custom_field" => field.custom,
        "virtual_field" => false,
        "visible" => true,
        "unique" => if field.unique { object! {"casesensitive" => "0"} } else { Object::new() },
        "lookup" => describe_lookup(field),
        "pick_list_values" => describe_picks(field),
        "currency" => describe_currency(field),
        "formula" => if field.kind == Kind::Formula { object! {"return_type" => "double", "expression" => "${Score} * 2"} } else { Object::new() },
        "auto_number" => if field.kind == Kind::AutoNumber { object! {"prefix" => "N-", "start_number" => "1"} } else { Object::new() },
        "multiselectlookup" => Object::new(),
        "view_type" => object! {"view" => true, "edit" => writable, "quick_create" => writable && field.mandatory, "create" => writable},
        "profiles" => profile(Some(permission)),
        "filterable" => filterable,
        "searchable" => filterable,
        "sortable" => filterable,
        "type" => "used",
        "created_source" => "default",
        "ui_type" => 1_u64,
        "display_type" => -1_i64,
    };
    if field.kind == Kind::TextArea {
        let size = if field.length > 2_000 { "large" } else { "small" };
        described.push("textarea", object! {"type" => size});
    }
    described
}

fn describe_lookup(field: &Field) -> Object {
    let Kind::Lookup(module) = field.kind else {
        return Object::new();
    };
    object! {
        "display_label" => field.label.clone(),
        "api_name" => field.api_name,
        "module" => object! {"api_name" => module.api_name(), "crypt" => false, "id" => id(module.id())},
        "id" => id(field.id + 500),
    }
}

fn describe_currency(field: &Field) -> Object {
    if field.kind != Kind::Currency {
        return Object::new();
    }
    object! {"rounding_option" => "normal", "precision" => 2_u64}
}

fn describe_picks(field: &Field) -> Vec<Object> {
    let pick = |(place, value): (usize, &String)| {
        let mut pick = object! {
            "display_value" => value.clone(),
            "actual_value" => value.clone(),
            "reference_value" => value.clone(),
            "sequence_number" => place + 1,
            "colour_code" => Json::Null,
            "id" => id(field.id + 100_000 * (place as u64 + 1)),
            "type" => "used",
        };
        if field.kind == Kind::SubPipeline {
            let pipelines = TeamPipeline::ALL;
            let stages = pipelines
                .iter()
                .find_map(|pipeline| pipeline.stages(value))
                .unwrap_or_default();
            let stages: Vec<_> = stages
                .iter()
                .map(|stage| object! {"display_value" => *stage, "actual_value" => *stage})
                .collect();
            pick.push(
                "maps",
                vec![object! {"api_name" => "Stage", "pick_list_values" => stages}],
            );
        }
        pick
    };
    field.picks.iter().enumerate().map(pick).collect()
}

/// A module's layouts; those of Pipelines are the team pipelines.
pub(crate) fn describe_layouts(schema: &Schema) -> Vec<Object> {
    if schema.module != ModuleName::Pipelines {
        return vec![layout(schema, schema.module.id() + 900, "Standard", None)];
    }
    TeamPipeline::ALL
        .iter()
        .map(|pipeline| layout(schema, pipeline.id, pipeline.name, Some(*pipeline)))
        .collect()
}

fn layout(schema: &Schema, layout_id: u64, name: &'static str, pipeline: Option<TeamPipeline>) -> Object {
    let fields: Vec<_> = schema
        .present()
        .filter(|(_, field)| field.shown_for_writing)
        .map(|(_, field)| {
            let mut shown = field.clone();
            if let (Kind::SubPipeline, Some(pipeline)) = (field.kind, pipeline) {
                shown.picks.retain(|name| pipeline.stages(name).is_some());
            }
            // Mandatory by the layout: this is the only place that says so.
            let required = field.mandatory || field.kind == Kind::TeamPipeline;
            let mut described = describe_field(&shown);
            described.push("required", required);
            described
        })
        .collect();
    let section = object! {
        "display_label" => "Information",
        "api_name" => "Information",
        "name" => "Information",
        "fields" => fields,
    };
    object! {
        "id" => id(layout_id),
        "name" => name,
        "display_label" => name,
        "status" => "active",
        "visible" => true,
        "sections" => vec![section],
        "profiles" => profile(None),
    }
}

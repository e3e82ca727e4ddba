//! Other modules than Contacts, and modules whose fields are not told.

use serde_json::json;

use super::messages::object;
use super::*;

#[test]
fn a_module_without_a_key_of_its_own_needs_one_named() {
    let (tasks, none) = (module("Tasks"), Mapping::default());
    let fields = ModuleFields {
        module: tasks.clone(),
        fields: vec![field("Subject", "Subject", FieldKind::Text)],
    };
    let fault =
        RecordMapper::for_columns(&header(&["Subject"]), &Setting::new(&tasks, Some(&fields), &none)).unwrap_err();
    assert_eq!(fault.code, codes::MATCH_FIELD_NEEDED);
    assert!(fault.action.contains("insert"), "{}", fault.action);
    let insert = mapping("operation = 'insert'");
    let setting = Setting::new(&tasks, Some(&fields), &insert);
    let fault = RecordMapper::for_columns(&header(&["Subject", "Related To"]), &setting).unwrap_err();
    assert_eq!(fault.code, codes::RELATED_MODULE_MISSING);
    let mapper = RecordMapper::for_columns(&header(&["Subject", "Related To", "Related Module"]), &setting).unwrap();
    assert_eq!(
        record(&mapper, &["Call back", "4876876000000624001", "Companies"]),
        json!({"Subject": "Call back", "Related_To": {"id": "4876876000000624001"}, "$related_module": "Accounts"})
    );
    let attachments = module("Attachments");
    let fault = RecordMapper::for_objects(&Setting::new(&attachments, None, &insert)).unwrap_err();
    assert_eq!(fault.code, codes::MODULE_NOT_WRITABLE);
}

#[test]
fn stages_are_never_added_to_a_list() {
    let values = vec![PickListValue {
        actual_value: "Qualification".into(),
        display_value: "Qualification".into(),
    }];
    let pick = |name: &str| Field {
        pick_list: values.clone(),
        ..field(name, name, FieldKind::PickList)
    };
    let (name, mapping) = (
        module("Pipelines"),
        mapping("operation = 'insert'\nunknown_picklist = 'add'"),
    );
    let fields = ModuleFields {
        module: name.clone(),
        fields: vec![pick("Stage"), pick("Kind")],
    };
    let mapper = RecordMapper::for_columns(
        &header(&["Stage", "Kind"]),
        &Setting::new(&name, Some(&fields), &mapping),
    )
    .unwrap();
    assert_eq!(
        record(&mapper, &["qualification", "New"]),
        json!({"Stage": "Qualification", "Kind": "New"})
    );
    assert_eq!(reject(&mapper, &["New", "New"]).field.as_deref(), Some("Stage"));
}

#[test]
fn without_the_settings_names_are_taken_as_they_are_and_said_to_be() {
    let (name, none) = (module("Contacts"), Mapping::default());
    let setting = Setting::new(&name, None, &none);
    let mapper =
        RecordMapper::for_columns(&header(&["Last Name", "email", "Loyalty_Points", "Company"]), &setting).unwrap();
    assert!(mapper.warnings()[0].contains("not verified"));
    assert_eq!(
        record(&mapper, &["Rao", "a@example.com", "12", ""]),
        json!({"Last_Name": "Rao", "Email": "a@example.com", "Loyalty_Points": "12"})
    );
    // Even so, a bare name never makes a company.
    assert_eq!(
        reject(&mapper, &["Rao", "a@example.com", "", "Acme"]).code,
        codes::LOOKUP_NEEDS_ID
    );
    let fault = RecordMapper::for_columns(&header(&["Last Name", "Email", "Treue Punkte"]), &setting).unwrap_err();
    assert_eq!(fault.code, codes::COLUMN_UNKNOWN);
    let renaming = mapping("[columns]\npoints = 'Loyalty_Points'");
    let renamed = RecordMapper::for_objects(&Setting::new(&name, None, &renaming)).unwrap();
    let value = json!({"Last_Name": "Rao", "Email": "a@example.com", "points": 12});
    let made = renamed.map_object(&object(&value)).unwrap();
    assert!(made.record.json().contains(r#""Loyalty_Points":12"#));
    let objects = RecordMapper::for_objects(&setting).unwrap();
    let made = objects
        .map_object(&object(
            &json!({"Last_Name": "Rao", "Email": "a@example.com", "Points": [1, {"a": null}]}),
        ))
        .unwrap();
    assert!(made.record.json().contains(r#""Points":[1,{"a":null}]"#));
}

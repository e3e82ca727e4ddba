//! Tasks, events, calls and notes (contract, section 4.5).

use super::field::{Field, field, lookup, owner, structured, tail, text};
use super::kind::Shape;
use super::{Kind, ModuleName};

pub(super) fn task_fields() -> Vec<Field> {
    let statuses = [
        "Not Started",
        "Deferred",
        "In Progress",
        "Completed",
        "Waiting on someone else",
    ];
    let mut fields = vec![
        owner().label("Task Owner"),
        text("Subject", 255).mandatory(),
        field("Due_Date", Kind::Date),
        field("Status", Kind::PickList).picks(&statuses),
        field("Priority", Kind::PickList).picks(&["Highest", "High", "Normal", "Low", "Lowest"]),
        field("Related_To", Kind::RelatedTo),
        structured("Recurring_Activity", "rrule", Shape::Object),
        structured("Remind_At", "alarm", Shape::Object),
        field("Description", Kind::TextArea),
    ];
    fields.extend(tail());
    fields
}

pub(super) fn event_fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Host"),
        text("Event_Title", 255).label("Title").mandatory(),
        field("Start_DateTime", Kind::DateTime).label("From").mandatory(),
        field("End_DateTime", Kind::DateTime).label("To").mandatory(),
        field("All_day", Kind::Boolean),
        text("Venue", 255).label("Location"),
        structured("Participants", "bigint", Shape::Array),
        field("Related_To", Kind::RelatedTo),
        structured("Recurring_Activity", "rrule", Shape::Object),
        structured("Remind_At", "multireminder", Shape::Array),
        field("Description", Kind::TextArea),
    ];
    fields.extend(tail());
    fields
}

pub(super) fn call_fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Call Owner"),
        text("Subject", 255),
        field("Call_Type", Kind::PickList)
            .mandatory()
            .picks(&["Outbound", "Inbound", "Missed"]),
        field("Call_Start_Time", Kind::DateTime).mandatory(),
        field("Call_Duration", Kind::Duration).mandatory(),
        lookup("Contact_Name", ModuleName::Contacts),
        field("Related_To", Kind::RelatedTo),
        structured("Reminder", "picklist", Shape::Either),
        field("Description", Kind::TextArea),
    ];
    fields.extend(tail());
    fields
}

pub(super) fn note_fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Note Owner"),
        text("Note_Title", 120),
        field("Note_Content", Kind::TextArea).mandatory(),
        field("Parent_Id", Kind::Parent).mandatory(),
    ];
    fields.extend(tail());
    fields
}

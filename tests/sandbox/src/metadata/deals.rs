//! Pipeline records, which users call deals (contract, section 4.4).

use super::custom;
use super::field::{Field, field, lookup, owner, tail, text};
use super::layouts::{stages, sub_pipelines};
use super::{Kind, ModuleName};

pub(super) fn fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Deal Owner"),
        text("Deal_Name", 120).mandatory(),
        // Mandatory by the layout alone, since there are two team pipelines: see records/rules.
        field("Pipeline", Kind::TeamPipeline),
        field("Sub_Pipeline", Kind::SubPipeline)
            .mandatory()
            .picks(&sub_pipelines()),
        field("Stage", Kind::Stage).mandatory().picks(&stages()),
        field("Amount", Kind::Currency),
        field("Closing_Date", Kind::Date),
        lookup("Account_Name", ModuleName::Accounts).label("Company Name"),
        lookup("Contact_Name", ModuleName::Contacts),
        field("Secondary_Contacts", Kind::Several(ModuleName::Contacts)),
        field("Associated_Products", Kind::Several(ModuleName::Products)),
        field("Description", Kind::TextArea),
    ];
    fields.extend(tail());
    fields.extend(custom::fields(ModuleName::Pipelines));
    fields
}

//! Products (contract, section 4.3b).

use super::Kind;
use super::field::{Field, field, owner, tail, text};

pub(super) fn fields() -> Vec<Field> {
    let mut fields = vec![
        owner().label("Product Owner"),
        text("Product_Name", 100).mandatory().unique(),
        text("Product_Code", 100),
        field("Product_Category", Kind::PickList).picks(&["Hardware", "Software", "Services"]),
        field("Product_Active", Kind::Boolean),
        field("Unit_Price", Kind::Currency),
        field("Description", Kind::TextArea),
    ];
    fields.extend(tail());
    fields
}

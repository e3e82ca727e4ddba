//! The criteria of a bulk read, as the conditions of a query. A field is named by `api_name`, or by
//! `{"field": {"api_name"}}` as in Zoho CRM's later versions.

use serde_json::Value;

use crate::metadata::Schema;
use crate::query::{Column, Condition, Literal, Operator};
use crate::settings::CriteriaField;

/// Groups go no deeper.
const DEEPEST: usize = 16;

/// Reads criteria, or says what is wrong with them.
pub(crate) fn criteria(given: &Value, schema: &Schema, named: CriteriaField) -> Result<Condition, &'static str> {
    read(given, schema, named, 0)
}

fn read(given: &Value, schema: &Schema, named: CriteriaField, depth: usize) -> Result<Condition, &'static str> {
    if depth > DEEPEST {
        return Err("too many groups");
    }
    let Some(group) = given.get("group").and_then(Value::as_array) else {
        return comparison(given, schema, named);
    };
    let joined: fn(Box<Condition>, Box<Condition>) -> Condition =
        match given.get("group_operator").and_then(Value::as_str) {
            Some(word) if word.eq_ignore_ascii_case("and") => Condition::All,
            Some(word) if word.eq_ignore_ascii_case("or") => Condition::Any,
            _ => return Err("group_operator is missing or unknown"),
        };
    let mut parts = group.iter().map(|part| read(part, schema, named, depth + 1));
    let first = parts.next().ok_or("a group is empty")??;
    parts.try_fold(first, |all, part| Ok(joined(Box::new(all), Box::new(part?))))
}

fn comparison(given: &Value, schema: &Schema, named: CriteriaField) -> Result<Condition, &'static str> {
    let (bare, inside) = (given.get("api_name"), given.pointer("/field/api_name"));
    let name = match named {
        CriteriaField::ApiName => bare,
        CriteriaField::Field => inside,
        CriteriaField::Both => bare.or(inside),
    };
    let name = name.and_then(Value::as_str).ok_or("a criterion names no field")?;
    if name != "id" && schema.by_name(name).is_none() {
        return Err("a criterion names no field of the module");
    }
    let column = Column {
        field: name.to_owned(),
        of_lookup: None,
    };
    let value = given.get("value").ok_or("a criterion has no value")?;
    let text = || value.as_str().ok_or("the value is no text");
    let compare = |operator| Ok(Condition::Compare(column.clone(), operator, literal(value)?));
    let like = |pattern: String, operator| Condition::Compare(column.clone(), operator, Literal::Text(pattern));
    let comparator = given.get("comparator").and_then(Value::as_str).unwrap_or_default();
    match comparator {
        "equal" if value == "${EMPTY}" => Ok(Condition::Empty(column, true)),
        "not_equal" if value == "${EMPTY}" => Ok(Condition::Empty(column, false)),
        "equal" => compare(Operator::Equal),
        "not_equal" => compare(Operator::NotEqual),
        "less_than" => compare(Operator::Less),
        "less_equal" => compare(Operator::LessEqual),
        "greater_than" => compare(Operator::Greater),
        "greater_equal" => compare(Operator::GreaterEqual),
        "in" => Ok(Condition::OneOf(column, literals(value)?, true)),
        "not_in" => Ok(Condition::OneOf(column, literals(value)?, false)),
        "between" | "not_between" => match literals(value)?.as_slice() {
            [low, high] => Ok(Condition::Between(
                column,
                low.clone(),
                high.clone(),
                comparator == "between",
            )),
            _ => Err("between takes two values"),
        },
        "contains" => Ok(like(format!("%{}%", text()?), Operator::Like)),
        "not_contains" => Ok(like(format!("%{}%", text()?), Operator::NotLike)),
        "starts_with" => Ok(like(format!("{}%", text()?), Operator::Like)),
        "ends_with" => Ok(like(format!("%{}", text()?), Operator::Like)),
        _ => Err("the comparator is unknown"),
    }
}

fn literals(value: &Value) -> Result<Vec<Literal>, &'static str> {
    let values = value.as_array().ok_or("the value is no list")?;
    values.iter().map(literal).collect()
}

fn literal(value: &Value) -> Result<Literal, &'static str> {
    match value {
        Value::String(text) => Ok(Literal::Text(text.clone())),
        Value::Bool(value) => Ok(Literal::Bool(*value)),
        Value::Number(number) => Ok(number
            .as_u64()
            .map_or_else(|| Literal::Number(number.as_f64().unwrap_or_default()), Literal::Whole)),
        _ => Err("the value is neither text nor number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::ModuleName;
    use serde_json::json;

    fn parsed(given: &Value, named: CriteriaField) -> Result<Condition, &'static str> {
        criteria(given, &Schema::of(ModuleName::Contacts), named)
    }

    #[test]
    fn a_field_is_named_as_the_switch_says() {
        let bare = json!({"api_name": "Email", "comparator": "equal", "value": "x"});
        let inside = json!({"field": {"api_name": "Email"}, "comparator": "equal", "value": "x"});
        for (named, takes) in [
            (CriteriaField::Both, [true, true]),
            (CriteriaField::ApiName, [true, false]),
            (CriteriaField::Field, [false, true]),
        ] {
            let taken = [bare.clone(), inside.clone()].map(|given| parsed(&given, named).is_ok());
            assert_eq!(taken, takes, "{named:?}");
        }
    }

    #[test]
    fn groups_are_joined_by_their_word() {
        let one = json!({"api_name": "Email", "comparator": "starts_with", "value": "x"});
        let group = json!({"group_operator": "or", "group": [one, one, {"group_operator": "and", "group": [one]}]});
        let condition = parsed(&group, CriteriaField::Both).unwrap();
        assert!(matches!(condition, Condition::Any(..)));
    }

    #[test]
    fn what_is_no_criterion_is_refused() {
        for wrong in [
            json!({}),
            json!({"api_name": "Nothing", "comparator": "equal", "value": "x"}),
            json!({"api_name": "Email", "comparator": "like", "value": "x"}),
            json!({"api_name": "Email", "comparator": "equal"}),
            json!({"api_name": "Email", "comparator": "between", "value": ["x"]}),
            json!({"group_operator": "xor", "group": [{}]}),
            json!({"group_operator": "and", "group": []}),
        ] {
            assert!(parsed(&wrong, CriteriaField::Both).is_err(), "{wrong}");
        }
    }
}

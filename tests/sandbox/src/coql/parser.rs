//! Reads a query.

use super::cursor::Cursor;
use super::lexer::{Token, tokens};
use crate::query::{Column, Condition, Literal, Operator, Query, Trouble};
use crate::settings::CoqlQuote;

/// Limits of a query.
const MOST_ROWS: usize = 200;
const MOST_COLUMNS: usize = 50;
const MOST_CONDITIONS: usize = 25;
const MOST_VALUES: usize = 100;
const REACH: usize = 10_000;
/// Brackets in brackets; nobody writes more, and the parser's stack is finite.
const DEEPEST: usize = 50;

/// Reads a query.
pub(super) fn parse(query: &str, quote: CoqlQuote) -> Result<Query, Trouble> {
    let mut parser = Parser {
        at: Cursor::new(tokens(query, quote)?),
        conditions: 0,
        depth: 0,
    };
    parser.query()
}

struct Parser {
    at: Cursor,
    conditions: usize,
    depth: usize,
}

impl Parser {
    fn query(&mut self) -> Result<Query, Trouble> {
        self.at.keyword("select")?;
        let columns = self.columns()?;
        self.at.keyword("from")?;
        let module = self.at.word()?;
        if !self.at.takes("where") {
            return Err(Trouble::Syntax {
                near: "where".to_owned(),
                message: "missing clause",
            });
        }
        let condition = self.condition()?;
        let order = if self.at.takes("order") {
            self.order()?
        } else {
            Vec::new()
        };
        let (limit, offset) = self.limit()?;
        if self.at.peek().is_some() {
            return Err(self.at.syntax("unexpected end of the query"));
        }
        Ok(Query {
            columns,
            module,
            condition,
            order,
            limit,
            offset,
        })
    }

    fn columns(&mut self) -> Result<Vec<Column>, Trouble> {
        let mut columns: Vec<Column> = Vec::new();
        loop {
            let column = self.column()?;
            if columns.contains(&column) {
                return Err(Trouble::Duplicate(column.name()));
            }
            columns.push(column);
            if columns.len() > MOST_COLUMNS {
                return Err(Trouble::Limit {
                    limit: MOST_COLUMNS,
                    message: "too many columns",
                });
            }
            if !self.at.takes_sign(",") {
                return Ok(columns);
            }
        }
    }

    fn column(&mut self) -> Result<Column, Trouble> {
        let field = self.at.word()?;
        let of_lookup = if self.at.takes_sign(".") {
            Some(self.at.word()?)
        } else {
            None
        };
        Ok(Column { field, of_lookup })
    }

    /// Conditions joined by one word. More than two need brackets, so that no order of precedence is guessed at.
    fn condition(&mut self) -> Result<Condition, Trouble> {
        let first = self.part()?;
        let all = if self.at.takes("and") {
            true
        } else if self.at.takes("or") {
            false
        } else {
            return Ok(first);
        };
        let (first, second) = (Box::new(first), Box::new(self.part()?));
        let joined = if all {
            Condition::All(first, second)
        } else {
            Condition::Any(first, second)
        };
        if self.at.peek().is_some_and(|next| next.is("and") || next.is("or")) {
            return Err(self.at.syntax("more than two conditions need brackets"));
        }
        Ok(joined)
    }

    fn part(&mut self) -> Result<Condition, Trouble> {
        if !self.at.takes_sign("(") {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.at.syntax("too many brackets"));
        }
        let condition = self.condition()?;
        self.depth -= 1;
        self.at.sign(")")?;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, Trouble> {
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(Trouble::Limit {
                limit: MOST_CONDITIONS,
                message: "too many conditions",
            });
        }
        let column = self.column()?;
        if self.at.takes("is") {
            let is_empty = !self.at.takes("not");
            self.at.keyword("null")?;
            return Ok(Condition::Empty(column, is_empty));
        }
        let negated = self.at.takes("not");
        if self.at.takes("in") {
            return Ok(Condition::OneOf(column, self.values()?, !negated));
        }
        if self.at.takes("between") {
            let low = self.literal()?;
            self.at.keyword("and")?;
            return Ok(Condition::Between(column, low, self.literal()?, !negated));
        }
        if self.at.takes("like") {
            let operator = if negated { Operator::NotLike } else { Operator::Like };
            return Ok(Condition::Compare(column, operator, self.literal()?));
        }
        let operator = match self.at.peek() {
            Some(Token::Sign("=")) if !negated => Operator::Equal,
            Some(Token::Sign("!=" | "<>")) if !negated => Operator::NotEqual,
            Some(Token::Sign("<")) if !negated => Operator::Less,
            Some(Token::Sign("<=")) if !negated => Operator::LessEqual,
            Some(Token::Sign(">")) if !negated => Operator::Greater,
            Some(Token::Sign(">=")) if !negated => Operator::GreaterEqual,
            _ => return Err(self.at.syntax("an operator is missing")),
        };
        self.at.step();
        Ok(Condition::Compare(column, operator, self.literal()?))
    }

    fn values(&mut self) -> Result<Vec<Literal>, Trouble> {
        self.at.sign("(")?;
        let mut values = vec![self.literal()?];
        while self.at.takes_sign(",") {
            values.push(self.literal()?);
        }
        self.at.sign(")")?;
        if values.len() > MOST_VALUES {
            return Err(Trouble::Limit {
                limit: MOST_VALUES,
                message: "too many values",
            });
        }
        Ok(values)
    }

    fn literal(&mut self) -> Result<Literal, Trouble> {
        let literal = match self.at.peek() {
            Some(Token::Text(text)) => Literal::Text(text.clone()),
            Some(Token::Number(number)) => Literal::Number(*number),
            Some(Token::Whole(number)) => Literal::Whole(*number),
            Some(word) if word.is("true") => Literal::Bool(true),
            Some(word) if word.is("false") => Literal::Bool(false),
            Some(word) if word.is("null") => Literal::Null,
            _ => return Err(self.at.syntax("a value is missing")),
        };
        self.at.step();
        Ok(literal)
    }

    fn order(&mut self) -> Result<Vec<(Column, bool)>, Trouble> {
        self.at.keyword("by")?;
        let mut order = Vec::new();
        loop {
            let column = self.column()?;
            let downwards = self.at.takes("desc");
            if !downwards {
                self.at.takes("asc");
            }
            order.push((column, downwards));
            if !self.at.takes_sign(",") {
                return Ok(order);
            }
        }
    }

    /// `limit 200 offset 0`, `limit 200`, `limit 0, 200`, `offset 0 limit 200`.
    fn limit(&mut self) -> Result<(usize, usize), Trouble> {
        let (mut limit, mut offset) = (MOST_ROWS, 0);
        loop {
            if self.at.takes("limit") {
                limit = self.whole_number()?;
                if self.at.takes_sign(",") {
                    (offset, limit) = (limit, self.whole_number()?);
                }
            } else if self.at.takes("offset") {
                offset = self.whole_number()?;
            } else {
                break;
            }
        }
        if limit > MOST_ROWS {
            return Err(Trouble::Limit {
                limit: MOST_ROWS,
                message: "the limit is too large",
            });
        }
        if limit.saturating_add(offset) > REACH {
            return Err(Trouble::Limit {
                limit: REACH,
                message: "no more than 10,000 records can be fetched",
            });
        }
        Ok((limit, offset))
    }

    fn whole_number(&mut self) -> Result<usize, Trouble> {
        match self.at.peek() {
            Some(Token::Whole(number)) => {
                // What does not fit is refused by the limits anyway.
                let number = usize::try_from(*number).unwrap_or(usize::MAX);
                self.at.step();
                Ok(number)
            }
            _ => Err(self.at.syntax("a number is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Result<Query, Trouble> {
        parse(query, CoqlQuote::Both)
    }

    #[test]
    fn a_query_is_read_with_all_its_clauses() {
        let query = parsed(
            "SELECT Last_Name, Account_Name.Account_Name FROM Contacts WHERE (Email = 'a@b.c' and Title is not null) \
             ORDER BY Last_Name desc LIMIT 10 OFFSET 20",
        );
        let query = query.unwrap();
        assert_eq!(query.columns[1].name(), "Account_Name.Account_Name");
        assert_eq!((query.limit, query.offset, query.order.len()), (10, 20, 1));
        assert!(matches!(query.condition, Condition::All(..)));
    }

    #[test]
    fn what_bigin_refuses_is_refused() {
        for query in [
            "select Last_Name from Contacts",
            "select Last_Name from Contacts where",
            "select from Contacts where id = '1'",
            "select id from Contacts where a = '1' and b = '2' or c = '3'",
            "select id, id from Contacts where a = '1'",
            "select id from Contacts where a = '1' limit 201",
            "select id from Contacts where a = '1' limit 200 offset 9801",
            "select id from Contacts where a = 'open",
            "select id from Contacts where a not = '1'",
        ] {
            assert!(parsed(query).is_err(), "{query}");
        }
    }

    #[test]
    fn many_brackets_do_not_exhaust_the_stack() {
        let query = format!(
            "select id from Contacts where {}a = 1{}",
            "(".repeat(100_000),
            ")".repeat(100_000)
        );
        assert!(parsed(&query).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(query: String) {
            let _ = parsed(&query);
        }

        #[test]
        fn no_heap_of_words_makes_the_parser_panic(words in proptest::collection::vec(proptest::sample::select(vec![
            "select", "from", "where", "and", "or", "not", "in", "is", "null", "between", "like", "order", "by", "limit",
            "offset", "(", ")", ",", ".", "=", "'a'", "'", "\\", "1", "-", "id", "Contacts",
        ]), 0..30)) {
            let _ = parsed(&words.join(" "));
        }

        #[test]
        fn any_text_comes_out_of_its_quotes_as_it_went_in(text: String) {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
            let query = parsed(&format!("select id from Contacts where Email = '{escaped}'")).unwrap();
            let Condition::Compare(_, _, Literal::Text(found)) = query.condition else { panic!("no comparison") };
            proptest::prop_assert_eq!(found, text);
        }
    }
}

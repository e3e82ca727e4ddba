//! Where the reading of a query has got to.

use super::lexer::Token;
use crate::query::Trouble;

/// The words of a query and the place of the next one.
pub(super) struct Cursor {
    tokens: Vec<Token>,
    at: usize,
}

impl Cursor {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0 }
    }

    /// The next one, which stays the next.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Goes past the next one.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Goes past a keyword, if it is the next; tells whether it was.
    pub(super) fn takes(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(keyword));
        self.at += usize::from(found);
        found
    }

    /// Goes past a sign, if it is the next; tells whether it was.
    pub(super) fn takes_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(own)) if *own == sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn keyword(&mut self, keyword: &'static str) -> Result<(), Trouble> {
        if self.takes(keyword) {
            return Ok(());
        }
        Err(Trouble::Syntax {
            near: keyword.to_owned(),
            message: "missing clause",
        })
    }

    pub(super) fn sign(&mut self, sign: &'static str) -> Result<(), Trouble> {
        if self.takes_sign(sign) {
            Ok(())
        } else {
            Err(self.syntax("a bracket is missing"))
        }
    }

    pub(super) fn word(&mut self) -> Result<String, Trouble> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.syntax("a name is missing")),
        }
    }

    /// What cannot be read here.
    pub(super) fn syntax(&self, message: &'static str) -> Trouble {
        let near = self
            .peek()
            .map_or_else(|| "the end".to_owned(), |token| format!("{token:?}"));
        Trouble::Syntax { near, message }
    }
}

//! What is wrong with values and columns, before it becomes a reject or a refusal.

use std::borrow::Cow;

use crate::record::Reject;

/// What is wrong with one value. The message never has the value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub code: &'static str,
    pub message: Cow<'static, str>,
}

impl Flaw {
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The flaws of one row. There are none most of the time, and then nothing is allocated.
#[derive(Debug, Default)]
pub(super) struct Flaws(Vec<(Option<String>, Flaw)>);

impl Flaws {
    pub fn add(&mut self, field: Option<&str>, flaw: Flaw) {
        self.0.push((field.map(str::to_owned), flaw));
    }

    /// One reject that speaks for all of them; the first leads.
    pub fn into_reject(self) -> Option<Reject> {
        let message = match self.0.as_slice() {
            [] => return None,
            flaws => flaws
                .iter()
                .map(|(field, flaw)| match field {
                    Some(field) => format!("{field}: {}", flaw.message),
                    None => flaw.message.clone().into_owned(),
                })
                .collect::<Vec<_>>()
                .join("; "),
        };
        let (field, flaw) = self.0.into_iter().next()?;
        Some(Reject::relay(flaw.code, field, message))
    }
}

/// Why a file or a message is refused as a whole. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HeaderFault {
    /// One of [`super::codes::REFUSALS`].
    pub code: &'static str,
    /// The column as the file names it, where it is about one.
    pub column: Option<String>,
    /// What is wrong; of several faults all.
    pub message: String,
    /// What to do about the first of them.
    pub action: String,
}

impl HeaderFault {
    pub(super) fn new(
        code: &'static str,
        column: Option<&str>,
        message: impl Into<String>,
        action: impl Into<String>,
    ) -> Self {
        Self {
            code,
            column: column.map(str::to_owned),
            message: message.into(),
            action: action.into(),
        }
    }

    /// One fault that speaks for all of them; the first leads.
    pub(super) fn all(faults: Vec<Self>) -> Result<(), Self> {
        let message = faults
            .iter()
            .map(|fault| fault.message.as_str())
            .collect::<Vec<_>>()
            .join("; ");
        match faults.into_iter().next() {
            None => Ok(()),
            Some(first) => Err(Self { message, ..first }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_flaws_leads_and_the_message_lists_all() {
        let mut flaws = Flaws::default();
        flaws.add(Some("Email"), Flaw::new("INVALID_EMAIL", "has no @"));
        flaws.add(None, Flaw::new("MATCH_KEY_MISSING", "has no key"));
        let reject = flaws.into_reject().unwrap();
        assert_eq!(
            (reject.code.as_str(), reject.field.as_deref()),
            ("INVALID_EMAIL", Some("Email"))
        );
        assert_eq!(reject.message, "Email: has no @; has no key");
        assert!(Flaws::default().into_reject().is_none());
    }
}

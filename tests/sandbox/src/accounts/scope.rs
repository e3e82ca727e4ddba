//! Scopes: what a call needs and whether a grant covers it (contract, section 3).

use crate::answer::Refusal;
use crate::json::Object;

/// What an operation does, in the words of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    Create,
    Update,
    Delete,
    /// Upsert, which either of CREATE and WRITE allows.
    Upsert,
}

impl Op {
    /// The words that allow it.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["ALL", "READ"],
            Self::Create | Self::Upsert => &["ALL", "CREATE", "WRITE"],
            Self::Update => &["ALL", "UPDATE", "WRITE"],
            Self::Delete => &["ALL", "DELETE"],
        }
    }
}

/// One thing that a call needs: any of the scopes will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need(Vec<String>);

impl Need {
    /// A module's records.
    pub(crate) fn records(module: &str, op: Op) -> Self {
        let mut scopes = whole_family("modules", op);
        let also = if module == "Pipelines" { Some("deals") } else { None };
        for name in [Some(module), also].into_iter().flatten() {
            scopes.extend(op.words().iter().map(|word| format!("ZohoBigin.modules.{name}.{word}")));
        }
        Self(scopes)
    }

    /// The organisation's settings of one kind, such as `fields`.
    pub(crate) fn settings(kind: &str, op: Op) -> Self {
        let mut scopes = whole_family("settings", op);
        scopes.extend(
            op.words()
                .iter()
                .map(|word| format!("ZohoBigin.settings.{kind}.{word}")),
        );
        Self(scopes)
    }

    /// A family without kinds, such as `org`.
    pub(crate) fn family(family: &str, op: Op) -> Self {
        Self(
            op.words()
                .iter()
                .map(|word| format!("ZohoBigin.{family}.{word}"))
                .collect(),
        )
    }

    /// Jobs that read, which any scope of the family allows.
    pub(crate) fn bulk_read() -> Self {
        Self(
            ["ALL", "CREATE", "READ"]
                .map(|word| format!("ZohoBigin.bulk.{word}"))
                .into(),
        )
    }

    /// The upload of a file.
    pub(crate) fn upload() -> Self {
        Self(["ALL", "CREATE"].map(|word| format!("ZohoFiles.files.{word}")).into())
    }

    /// A scope that is not Bigin's.
    pub(crate) fn exactly(scope: &str) -> Self {
        Self(vec![scope.to_owned()])
    }

    /// Refuses a call whose grant does not cover it.
    pub(crate) fn demand(&self, granted: &[String]) -> Result<(), Refusal> {
        if self.is_met(granted) {
            return Ok(());
        }
        let message = "invalid oauth scope to access this URL";
        Err(Refusal::new(401, "OAUTH_SCOPE_MISMATCH", Object::new(), message))
    }

    /// Whether the grant covers it. Letter case does not count: Zoho's own pages write `Pipelines` with a capital.
    pub(crate) fn is_met(&self, granted: &[String]) -> bool {
        self.0
            .iter()
            .any(|scope| granted.iter().any(|have| have.eq_ignore_ascii_case(scope)))
    }
}

/// The scopes that cover all of `modules` or `settings`: ALL, and READ where nothing is changed, which no page of Bigin's
/// lists and a client in the field uses (contract, section 16).
fn whole_family(family: &str, op: Op) -> Vec<String> {
    let words: &[&str] = if op == Op::Read { &["ALL", "READ"] } else { &["ALL"] };
    words.iter().map(|word| format!("ZohoBigin.{family}.{word}")).collect()
}

/// Splits what a person pasted: commas or blanks between scopes.
pub(crate) fn split(scopes: &str) -> Vec<String> {
    scopes
        .split([',', ' '])
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(need: &Need, granted: &str) -> bool {
        need.is_met(&split(granted))
    }

    #[test]
    fn an_operation_is_allowed_by_its_own_word_by_all_and_by_write_where_it_writes() {
        let update = Need::records("Contacts", Op::Update);
        for scope in [
            "ZohoBigin.modules.ALL",
            "ZohoBigin.modules.contacts.ALL",
            "ZohoBigin.modules.contacts.WRITE",
        ] {
            assert!(met(&update, scope), "{scope}");
        }
        for scope in [
            "ZohoBigin.modules.contacts.CREATE",
            "ZohoBigin.modules.accounts.ALL",
            "ZohoBigin.settings.ALL",
        ] {
            assert!(!met(&update, scope), "{scope}");
        }
        assert!(!met(
            &Need::records("Contacts", Op::Delete),
            "ZohoBigin.modules.contacts.WRITE"
        ));
    }

    #[test]
    fn read_of_all_modules_or_settings_reads_and_writes_nothing() {
        for (scope, read, write) in [
            (
                "ZohoBigin.modules.READ",
                Need::records("Contacts", Op::Read),
                Need::records("Contacts", Op::Upsert),
            ),
            (
                "ZohoBigin.settings.READ",
                Need::settings("fields", Op::Read),
                Need::settings("tags", Op::Create),
            ),
        ] {
            assert!(met(&read, scope) && !met(&write, scope), "{scope}");
        }
        assert!(!met(&Need::settings("fields", Op::Read), "ZohoBigin.modules.READ"));
    }

    #[test]
    fn pipelines_are_also_called_deals() {
        assert!(met(
            &Need::records("Pipelines", Op::Read),
            "ZohoBigin.modules.deals.READ"
        ));
    }

    #[test]
    fn scopes_are_pasted_with_commas_with_or_without_blanks() {
        assert_eq!(split("a.b.ALL, c.d.READ,e.f.ALL"), ["a.b.ALL", "c.d.READ", "e.f.ALL"]);
    }
}

//! The scopes the relay needs and what each is for. Their line is what the operator pastes into Zoho's API console.

use serde::Serialize;

/// A scope that was not granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingScope {
    /// The scope.
    pub scope: &'static str,
    /// What the relay does with it.
    pub needed_for: &'static str,
}

/// The scopes as they are pasted into the console.
pub const SCOPES_LINE: &str = "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,\
                               ZohoBigin.coql.READ,ZohoBigin.bulk.ALL,ZohoFiles.files.ALL,ZohoBigin.notifications.ALL";

const NEEDED: [(&str, &str); 8] = [
    (
        "ZohoBigin.modules.ALL",
        "writing records: without it nothing can be pushed",
    ),
    (
        "ZohoBigin.settings.ALL",
        "reading each module's fields, so that columns are checked and values converted",
    ),
    (
        "ZohoBigin.users.READ",
        "telling who authorized, and naming record owners by their address",
    ),
    (
        "ZohoBigin.org.READ",
        "telling which organisation records go to, and how many API credits it has",
    ),
    (
        "ZohoBigin.coql.READ",
        "looking records up, to skip unchanged ones and to find an insert whose answer was lost",
    ),
    ("ZohoBigin.bulk.ALL", "writing large files as bulk jobs"),
    ("ZohoFiles.files.ALL", "uploading the files of bulk jobs"),
    ("ZohoBigin.notifications.ALL", "hearing of changes made in Bigin"),
];

/// The scopes that are needed and not among those granted.
pub fn missing(granted: &[String]) -> Vec<MissingScope> {
    NEEDED
        .into_iter()
        .filter(|(needed, _)| !granted.iter().any(|scope| covers(scope, needed)))
        .map(|(scope, needed_for)| MissingScope { scope, needed_for })
        .collect()
}

/// Whether a scope granted is the needed one, or all of what that is a part of. Zoho's scopes end in what may be done.
fn covers(granted: &str, needed: &str) -> bool {
    let family = |scope: &str| scope.rsplit_once('.').map(|(family, _)| family.to_ascii_lowercase());
    let has_all = granted
        .rsplit_once('.')
        .is_some_and(|(_, may)| may.eq_ignore_ascii_case("ALL"));
    granted.eq_ignore_ascii_case(needed) || (has_all && family(granted) == family(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(line: &str) -> Vec<String> {
        line.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn the_line_for_the_console_is_enough_and_names_no_scope_twice() {
        assert_eq!(missing(&granted(SCOPES_LINE)), []);
        assert_eq!(
            SCOPES_LINE.split(',').collect::<Vec<_>>(),
            NEEDED.map(|(scope, _)| scope)
        );
    }

    #[test]
    fn all_covers_a_part_and_a_part_does_not_cover_all() {
        let wide = SCOPES_LINE
            .replace("users.READ", "users.ALL")
            .replace("org.READ", "org.all");
        assert_eq!(missing(&granted(&wide)), []);
        let narrow = SCOPES_LINE
            .replace("modules.ALL", "modules.contacts.ALL")
            .replace("bulk.ALL", "bulk.READ");
        let names: Vec<_> = missing(&granted(&narrow))
            .into_iter()
            .map(|missing| missing.scope)
            .collect();
        assert_eq!(names, ["ZohoBigin.modules.ALL", "ZohoBigin.bulk.ALL"]);
    }

    #[test]
    fn nothing_granted_lacks_everything() {
        assert_eq!(missing(&[]).len(), NEEDED.len());
    }
}

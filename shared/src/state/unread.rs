//! Files that are there and could not be read: archived, or under a key that may not be used. Each is noted until it was
//! imported, or is not wanted any more; while one is, the upkeep looks whether it can be read.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::{Key, StateError, Table};

const UNREAD: &str = "unread";
/// No file lies in the inbox for longer.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 365);

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Its key.
    pub key: String,
    /// Which version of it, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// Its entity tag.
    pub etag: String,
    /// The module its records go to.
    pub module: String,
    /// Where its import stood in the line: imports go in the order of their places.
    pub place: String,
}

impl Unread {
    fn item(&self) -> Key {
        let version = self.version_id.as_ref().unwrap_or(&self.etag);
        Key::new(UNREAD, format!("{}#{version}", self.key))
    }
}

/// Notes a file that could not be read.
///
/// # Errors
/// The table failed.
pub async fn note(table: &impl Table, file: &Unread, now: Timestamp) -> Result<(), StateError> {
    table.put(&file.item(), file, Some(now + REMEMBERED)).await
}

/// All files that could not be read.
///
/// # Errors
/// The table failed.
pub async fn all(table: &impl Table) -> Result<Vec<Unread>, StateError> {
    let files = table.list::<Unread>(UNREAD).await?;
    Ok(files.into_iter().map(|(_, file)| file.value).collect())
}

/// Forgets a file: it was imported, or is not wanted any more.
///
/// # Errors
/// The table failed.
pub async fn forget(table: &impl Table, file: &Unread) -> Result<(), StateError> {
    table.remove(&file.item(), None).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;

    #[tokio::test]
    async fn a_file_is_noted_until_it_is_forgotten_version_by_version() {
        let table = MemoryTable::default();
        let file = |version: &str| Unread {
            key: "inbox/Contacts/a.csv".into(),
            version_id: Some(version.into()),
            etag: "e".into(),
            module: "Contacts".into(),
            place: "1#".into(),
        };
        for version in ["v1", "v2", "v1"] {
            note(&table, &file(version), Timestamp::now()).await.unwrap();
        }
        assert_eq!(all(&table).await.unwrap(), [file("v1"), file("v2")]);
        forget(&table, &file("v1")).await.unwrap();
        assert_eq!(all(&table).await.unwrap(), [file("v2")]);
    }
}

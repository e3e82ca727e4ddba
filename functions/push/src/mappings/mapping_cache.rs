//! Mapping files, kept for a minute: a module without one costs several looks into the bucket, which a steady queue would
//! pay with each batch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bigin::ModuleName;
use jiff::{SignedDuration, Timestamp};

use crate::map::Mapping;
use crate::mappings::mapping_file::{self, MappingFile, MappingFileError};
use shared::bucket::{BucketError, Objects};

/// How old what is kept may be.
const LASTS: SignedDuration = SignedDuration::from_mins(1);
/// How many mappings are kept.
const MOST: usize = 200;

/// Why there is no mapping.
#[derive(Debug, Clone)]
pub enum NoMapping {
    /// The one that was named is not there.
    Missing(String),
    /// The file has a mistake.
    Broken(String),
}

/// What was found.
pub type FoundMapping = Result<Arc<Mapping>, NoMapping>;

/// Module, the name it was written by, and the mapping's name.
type Name = (ModuleName, String, Option<String>);

/// The mappings that were read. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MappingCache(Arc<Mutex<HashMap<Name, (Timestamp, FoundMapping)>>>);

impl MappingCache {
    /// The mapping that is named, which must be there, or else the module's, which may be.
    ///
    /// # Errors
    /// The bucket failed.
    pub async fn find<O: Objects>(
        &self,
        bucket: &O,
        module: &ModuleName,
        written: &str,
        mapping: Option<&str>,
        now: Timestamp,
    ) -> Result<FoundMapping, BucketError> {
        let name = (module.clone(), written.to_owned(), mapping.map(str::to_owned));
        if let Some((at, found)) = self.kept().get(&name)
            && now - *at < LASTS
        {
            return Ok(found.clone());
        }
        let found = match mapping_file::find(bucket, module, written, mapping).await {
            Ok(None) => Ok(Arc::default()),
            Ok(Some(MappingFile { key, text })) => {
                let parsed = Mapping::parse(&text).map(Arc::new);
                parsed.map_err(|fault| NoMapping::Broken(format!("{key} cannot be used: {fault}")))
            }
            Err(MappingFileError::Bucket(error)) => return Err(error),
            Err(missing @ MappingFileError::Missing { .. }) => Err(NoMapping::Missing(missing.to_string())),
            Err(other) => Err(NoMapping::Broken(other.to_string())),
        };
        let mut kept = self.kept();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(name, (now, found.clone()));
        Ok(found)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<Name, (Timestamp, FoundMapping)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

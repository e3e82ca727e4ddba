//! Rows whose calls fail without a word about any row, kept from one invocation to the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::progress::Rows;
use crate::record::{Parcel, Suspicion};

/// The rows of each such call, and what is held against them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Suspects(Vec<(Rows, Suspicion)>);

impl Suspects {
    /// Those among records that were not delivered.
    pub fn among(undelivered: &[Parcel]) -> Self {
        let mut calls: BTreeMap<u64, (Vec<u64>, &Suspicion)> = BTreeMap::new();
        for parcel in undelivered {
            if let Some(suspicion) = &parcel.suspicion {
                let (rows, _) = calls.entry(suspicion.call).or_insert_with(|| (Vec::new(), suspicion));
                rows.push(parcel.place);
            }
        }
        let each = calls.into_values();
        Self(
            each.map(|(rows, suspicion)| (rows.into_iter().collect(), suspicion.clone()))
                .collect(),
        )
    }

    /// What is held against a row.
    pub fn suspicion(&self, row: u64) -> Option<Suspicion> {
        let found = self.0.iter().find(|(rows, _)| rows.contains(row));
        found.map(|(_, suspicion)| suspicion.clone())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

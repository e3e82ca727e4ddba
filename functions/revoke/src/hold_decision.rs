//! An operator's decision about a module that is held.

use serde::Serialize;
use shared::clock::Clock;
use shared::intake::Intake;
use shared::module_names::by_own_name;
use shared::state::{Held, Table, held, refusals};
use shared::tokens::{Issuer, Secrets};

use crate::error::RevokeError;
use crate::revoker::Revoker;

/// What the decision about a hold answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldAnswer {
    /// What has come of it.
    pub status: &'static str,
    /// The module, by its own name.
    pub module: String,
    /// The hold that was decided.
    pub held: Option<Held>,
    /// What could not be done at once.
    pub problems: Vec<String>,
}

impl<T: Table, S: Secrets, Z: Issuer, I: Intake, C: Clock> Revoker<T, S, Z, I, C> {
    /// Decides what a held module is refused for: its records, which are rejected then, or the account, which they wait
    /// for. Either way the module is tried at once: push is asked to bring back what waits for it.
    ///
    /// # Errors
    /// The table failed.
    pub async fn decide_hold(&self, module: &str, reject: bool) -> Result<HoldAnswer, RevokeError> {
        let (table, now) = (&self.table, self.clock.now());
        let module = by_own_name(module).map_or_else(|| module.to_owned(), |module| module.as_str().to_owned());
        let held = held::of_module(table, &module).await?;
        if held.is_none() {
            return Ok(HoldAnswer {
                status: "not_held",
                module,
                held,
                problems: Vec::new(),
            });
        }
        refusals::decide(table, &module, reject, now).await?;
        held::release(table, &module).await?;
        let asked = self.intake.ask_for_upkeep().await;
        Ok(HoldAnswer {
            status: if reject { "rejecting" } else { "retrying" },
            module,
            held,
            problems: asked.err().map(|error| error.to_string()).into_iter().collect(),
        })
    }
}

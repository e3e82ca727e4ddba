//! What must be known before the first row: the file's form, its module, the mapping, and which column is which field.

use serde_json::Value;
use shared::bigin::{CallFailure, ModuleName};

use super::plan::gone_or_failed;
use super::progress::Plan;
use super::steps::{Import, ImportError, Importer};
use crate::bucket::{ObjectVersion, Objects};
use crate::decode::{FIRST_STRETCH, Form, Format, form_of};
use crate::inbox_key::InboxKey;
use crate::map::{Mapping, RecordMapper};
use crate::mapping_file::{self, MappingFile};
use crate::relay::{AskFailure, Freshness, Means, Metadata};
use crate::report::{Reason, Report};
use crate::stop::Stop;

/// Whether an import can begin.
pub enum Prepared {
    /// It can.
    Ready(Box<Ready>),
    /// Not for now.
    Stop(Stop),
    /// Not with this file.
    Refused {
        /// Why.
        reason: Reason,
        /// The module, where that much is known.
        module: Option<ModuleName>,
    },
}

/// What an import begins with.
pub struct Ready {
    /// What does not change.
    pub plan: Plan,
    /// Makes records of rows.
    pub mapper: RecordMapper,
    /// What the report tells.
    pub facts: Facts,
}

/// What the report tells from the start.
pub struct Facts {
    org_id: Option<String>,
    warnings: Vec<String>,
    /// The API credits of any 24 hours, where Bigin said.
    pub daily_credits: Option<u64>,
}

impl Facts {
    /// The report of an import that begins with these.
    pub fn begin(&self, mut report: Report, plan: &Plan) -> Report {
        report.org_id.clone_from(&self.org_id);
        report.module = Some(plan.module.as_str().to_owned());
        report.mapping.clone_from(&plan.mapping_key);
        report.operation = Some(plan.shape.operation);
        report.match_on.clone_from(&plan.shape.match_on);
        report.trigger.clone_from(&plan.shape.trigger);
        report.route = Some("records".to_owned());
        for warning in &self.warnings {
            report.warn(warning.clone());
        }
        report
    }
}

/// Why preparing came to an end early.
enum NotReady {
    Stop(Stop),
    Refused(Reason),
    Failed(ImportError),
}

impl<E: Into<ImportError>> From<E> for NotReady {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<M: Means> Importer<'_, M> {
    /// Asks Bigin what there is to know. Needs the turn.
    pub(super) async fn prepare(&self, import: &Import) -> Result<Prepared, ImportError> {
        let mut module = None;
        match self.make_ready(import, &mut module).await {
            Ok(ready) => Ok(Prepared::Ready(Box::new(ready))),
            Err(NotReady::Stop(stop)) => Ok(Prepared::Stop(stop)),
            Err(NotReady::Refused(reason)) => Ok(Prepared::Refused { reason, module }),
            Err(NotReady::Failed(error)) => Err(error),
        }
    }

    async fn make_ready(&self, import: &Import, module: &mut Option<ModuleName>) -> Result<Ready, NotReady> {
        let kept = self.relay.ledger.plan(&import.run_id()).await?;
        let (plan, metadata) = if let Some(plan) = kept {
            *module = Some(plan.module.clone());
            let metadata = self.metadata(&plan.module, Freshness::TenMinutes).await?;
            (plan, metadata)
        } else {
            let object = import.object.as_ref().ok_or(ImportError::OutOfOrder("plan"))?;
            self.first_plan(object, module).await?
        };
        let organisation = self.relay.organisation().await.map_err(not_answered)?;
        let plan = Plan { time_zone: organisation.as_ref().and_then(|org| org.time_zone.clone()), ..plan };
        let (mapper, shape) = mapper(&plan, &metadata).map_err(NotReady::Refused)?;
        let plan = Plan { shape, ..plan };
        self.relay.ledger.keep_plan(&import.run_id(), &plan, self.relay.now()).await?;
        let warnings = plan.form.warnings.iter().cloned().chain(metadata.warning()).chain(mapper.warnings());
        let facts = Facts {
            org_id: organisation.as_ref().map(|org| org.id.clone()),
            warnings: warnings.collect(),
            daily_credits: organisation.as_ref().and_then(|org| org.daily_credits()),
        };
        Ok(Ready { plan, mapper, facts })
    }
}

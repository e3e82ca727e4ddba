//! What must be known before the first row: the file's form, its module, the mapping, and which column is which field.

use bigin::{CallFailure, ModuleName};

use crate::context::Services;
use crate::decode::{FIRST_STRETCH, FileRules, Form, form_by};
use crate::import::progress::Plan;
use crate::import::row_overrides::{first_overrides, may_say};
use crate::import::slice::columns::Columns;
use crate::import::slice::file_reader::{FileReader, ReadFailure, Stretch, gone_or_failed};
use crate::import::state_machine::Imports;
use crate::import::step::Import;
use crate::import::steps::{ImportError, Importer};
use crate::map::{Mapping, Overrides, VanishedField, not_writable};
use crate::mappings::mapping_file::{self, MappingFile, MappingFileError};
use crate::report::{Reason, Report};
use shared::authorized_bigin::AskFailure;
use shared::bucket::InboxKey;
use shared::bucket::{ObjectVersion, Objects};
use shared::metadata_cache::{Freshness, Metadata};
use shared::state::StateError;
use shared::stop::{Service, Stop};

/// Whether Bigin may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Whoever has the turn asks what is not known.
    InTurn,
    /// The same, for an import that has sent rows: what it knows of the fields is a minute old at most.
    UnderWay,
    /// What is not known yet stops it: [`Stop::TurnTaken`].
    OutOfTurn,
}

/// Whether an import can begin.
pub enum Preparation {
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
        /// The column whose field has vanished since the plan was made, where that is why.
        vanished: Option<String>,
    },
}

/// What an import begins with.
pub struct Ready {
    /// What does not change.
    pub plan: Plan,
    /// Makes records of rows.
    pub columns: Columns,
    /// The fields that the columns were made by.
    pub metadata: Metadata,
    /// Columns that are left out from now on, since their fields have vanished.
    pub vanished: Vec<String>,
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
        if let Some(shape) = &plan.shape {
            report.operation = Some(shape.operation);
            report.match_on.clone_from(&shape.match_on);
            report.trigger.clone_from(&shape.trigger);
        }
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
    Vanished(String, Reason),
    Failed(ImportError),
}

impl<E: Into<ImportError>> From<E> for NotReady {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// Finds out what there is to know.
    pub(in crate::import) async fn prepare(&self, import: &Import, asking: Asking) -> Result<Preparation, ImportError> {
        let mut module = None;
        match self.make_ready(import, asking, &mut module).await {
            Ok(ready) => Ok(Preparation::Ready(Box::new(ready))),
            Err(NotReady::Stop(stop)) => Ok(Preparation::Stop(stop)),
            Err(NotReady::Refused(reason)) => Ok(Preparation::Refused {
                reason,
                module,
                vanished: None,
            }),
            Err(NotReady::Vanished(column, reason)) => Ok(Preparation::Refused {
                reason,
                module,
                vanished: Some(column),
            }),
            Err(NotReady::Failed(error)) => Err(error),
        }
    }

    async fn make_ready(
        &self,
        import: &Import,
        asking: Asking,
        module: &mut Option<ModuleName>,
    ) -> Result<Ready, NotReady> {
        let run_id = import.run_id();
        let kept = self.context.ledger().plan(&run_id).await?;
        let is_new = kept.is_none();
        let mut plan = match kept {
            Some(plan) => plan,
            None => self.first_plan(import, asking, module).await?,
        };
        *module = Some(plan.module.clone());
        if let Some(fault) = not_writable(&plan.module) {
            return Err(NotReady::Refused(Reason::new(
                fault.code,
                fault.message,
                &*fault.action,
            )));
        }
        let freshness = match asking {
            Asking::UnderWay => Freshness::OneMinute,
            Asking::InTurn | Asking::OutOfTurn => Freshness::TenMinutes,
        };
        let mut metadata = self.fields(&plan.module, freshness, asking).await?;
        let organisation = match asking {
            Asking::InTurn | Asking::UnderWay => self.context.metadata.organisation().await.map_err(not_answered)?,
            Asking::OutOfTurn => known(self.context.metadata.kept_organisation().await)?,
        };
        plan.time_zone = organisation.as_ref().and_then(|org| org.time_zone.clone());
        let mut columns = Columns::of(&plan, &metadata);
        if columns.is_err() {
            // Somebody may have added the field, or what it lists, minutes ago.
            metadata = self.fields(&plan.module, Freshness::Doubted, asking).await?;
            columns = Columns::of(&plan, &metadata);
        }
        let known = plan.vanished.len();
        let columns = loop {
            let unusable = match columns {
                Ok(columns) => break columns,
                Err(unusable) => unusable,
            };
            match unusable.unknown_column {
                // When the file was planned it was there.
                Some(column) if !is_new && goes_on_without(&plan) => plan.vanished.push(column),
                Some(column) if !is_new => return Err(NotReady::Vanished(column, unusable.reason)),
                _ => return Err(NotReady::Refused(unusable.reason)),
            }
            columns = Columns::of(&plan, &metadata);
        };
        let vanished = plan.vanished[known..].to_vec();
        if is_new || !vanished.is_empty() {
            plan.shape = Some(columns.shape().clone());
            self.context
                .ledger()
                .keep_plan(&run_id, &plan, self.context.now())
                .await?;
        }
        let warnings = plan
            .form
            .warnings
            .iter()
            .cloned()
            .chain(metadata.warning())
            .chain(columns.warnings())
            .collect();
        let facts = Facts {
            org_id: organisation.as_ref().map(|org| org.id.clone()),
            warnings,
            daily_credits: organisation.as_ref().and_then(|org| org.daily_credits()),
        };
        Ok(Ready {
            plan,
            columns,
            metadata,
            vanished,
            facts,
        })
    }

    async fn fields(&self, module: &ModuleName, freshness: Freshness, asking: Asking) -> Result<Metadata, NotReady> {
        if asking == Asking::OutOfTurn {
            return known(self.context.metadata.kept_fields(module, freshness).await);
        }
        match self.context.metadata.fields(module, freshness).await {
            Err(AskFailure::Refused(failure @ CallFailure::UnknownModule { .. })) => {
                let action = "put the file under a module of the organisation's, by its API name or label";
                Err(NotReady::Refused(Reason::new(
                    "UNKNOWN_MODULE",
                    failure.to_string(),
                    action,
                )))
            }
            other => other.map_err(not_answered),
        }
    }

    /// What can be told from the file and its key.
    async fn first_plan(
        &self,
        import: &Import,
        asking: Asking,
        found: &mut Option<ModuleName>,
    ) -> Result<Plan, NotReady> {
        let object = import.object.as_ref().ok_or(ImportError::OutOfOrder("plan"))?;
        let refused = |code: &str, message: String, action: &str| NotReady::Refused(Reason::new(code, message, action));
        let key = InboxKey::parse(&object.key).map_err(|misplaced| {
            refused(
                "MISPLACED",
                misplaced.to_string(),
                "move the file to inbox/<Module>/<name>.<ending>",
            )
        })?;
        let module = match asking {
            Asking::InTurn | Asking::UnderWay => {
                self.context.metadata.module(&key.module).await.map_err(not_answered)?
            }
            Asking::OutOfTurn => Ok(known(self.context.metadata.kept_module(&key.module).await)?),
        };
        let module = module.map_err(|unknown| {
            let action = "put the file under a module of the organisation's, by its API name or label";
            refused("UNKNOWN_MODULE", unknown.to_string(), action)
        })?;
        *found = Some(module.clone());
        let mapping = mapping_file::find(&self.context.bucket, &module, &key.module, key.mapping.as_deref()).await;
        let mapping = match mapping {
            Ok(mapping) => mapping,
            Err(MappingFileError::Bucket(error)) => return Err(error.into()),
            Err(fault) => {
                let code = if matches!(fault, MappingFileError::Missing { .. }) {
                    "NO_MAPPING"
                } else {
                    "BAD_MAPPING"
                };
                let action = "put the mapping there, then put the file again";
                return Err(refused(code, fault.to_string(), action));
            }
        };
        let (mapping_key, mapping) = mapping.map(|MappingFile { key, text }| (key, text)).unzip();
        // What is wrong with the mapping is told where it is used.
        let rules = mapping
            .as_deref()
            .map(Mapping::parse)
            .and_then(Result::ok)
            .unwrap_or_default();
        let mut form = self.form(object, &rules.file).await?.map_err(NotReady::Refused)?;
        form.ignore(
            |name| rules.ignores(name),
            |name| rules.columns.contains_key(name.trim()),
        );
        let said = self.said(object, &form).await?.map_err(NotReady::Refused)?;
        Ok(Plan {
            form,
            module,
            shape: None,
            said,
            mapping_key,
            mapping,
            time_zone: None,
            decimal_comma: false,
            vanished: Vec::new(),
        })
    }

    /// What the file's first rows say is to be done with them.
    async fn said(
        &self,
        object: &ObjectVersion,
        form: &Form,
    ) -> Result<Result<Option<Overrides>, Reason>, ImportError> {
        if !may_say(form) {
            return Ok(Ok(None));
        }
        match FileReader::open(self.context.bucket.clone(), object.clone(), form, None)
            .next()
            .await
        {
            Ok(Stretch::Rows { rows, .. }) => Ok(Ok(first_overrides(form, rows.iter().map(|(row, _)| row)))),
            // What is wrong with the file is told where it is read in full.
            Ok(Stretch::End) | Err(ReadFailure::File(_)) => Ok(Ok(None)),
            Err(ReadFailure::Bucket(error)) => gone_or_failed(error).map(Err),
        }
    }

    /// How a file is written, or why it is refused. Needs its first bytes alone.
    pub(in crate::import) async fn form(
        &self,
        object: &ObjectVersion,
        rules: &FileRules,
    ) -> Result<Result<Form, Reason>, ImportError> {
        let mut first = Vec::new();
        while first.len() < FIRST_STRETCH && (first.len() as u64) < object.size {
            match self.context.bucket.read(object, first.len() as u64).await {
                Ok(bytes) => first.extend_from_slice(&bytes),
                Err(error) => return Ok(Err(gone_or_failed(error)?)),
            }
        }
        let is_whole = first.len() as u64 >= object.size;
        Ok(form_by(&object.key, &first, is_whole, rules).map_err(|fault| Reason::from(&fault)))
    }
}

/// Whether an import goes on without a column whose field has vanished.
pub(in crate::import) fn goes_on_without(plan: &Plan) -> bool {
    let mapping = plan.mapping.as_deref().map(Mapping::parse).and_then(Result::ok);
    mapping.is_some_and(|mapping| mapping.vanished_field == VanishedField::Warn)
}

/// What is known without asking; what is not needs the turn.
fn known<T>(kept: Result<Option<T>, StateError>) -> Result<T, NotReady> {
    kept?.ok_or(NotReady::Stop(Stop::TurnTaken))
}

/// Why a question was not answered. Whatever Bigin refuses to say may be allowed later: the import waits.
fn not_answered(failure: AskFailure) -> NotReady {
    match failure {
        AskFailure::Stop(stop) => NotReady::Stop(stop),
        AskFailure::Refused(failure) => NotReady::Stop(Stop::unavailable(Service::Bigin, failure)),
        AskFailure::State(error) => NotReady::Failed(error.into()),
    }
}

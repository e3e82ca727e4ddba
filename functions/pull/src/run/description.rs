//! What a slice has to know of the organisation and the module before it can tell of a change.

use std::sync::Arc;

use bigin::{ColumnName, ModuleFields, ModuleName};
use jiff::SignedDuration;
use shared::authorized_bigin::AskFailure;
use shared::bucket::Objects;
use shared::metadata_cache::{Freshness, Metadata};
use shared::state::{Key, Table};

use super::failure::{Halt, Refusal};
use super::progress::StoredProgress;
use crate::change::Teller;
use crate::context::{Context, Services};
use crate::module_reader::ModuleReader;
use crate::origin::Origins;
use crate::schema::Schema;

/// Another user may authorize; after that long it is noticed.
const USER_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// What is known of the organisation and the module.
#[derive(Debug)]
pub(super) struct Description {
    org_id: String,
    pub(super) relay_user: Option<String>,
    pub(super) schema: Schema,
    pub(super) columns: Vec<ColumnName>,
}

impl Description {
    /// Finds out, and lays the schema beside the changes.
    pub(super) async fn find<S: Services>(
        context: &Context<S>,
        module: &ModuleName,
        reader: &ModuleReader<'_, S>,
        held: &mut StoredProgress,
    ) -> Result<Self, Halt> {
        let name = || module.as_str().to_owned();
        let schema = Schema::of(&*fields(context, module).await?);
        if !schema.has_modified_time() {
            return Err(Halt::Refused(Refusal::ModifiedTimeAbsent { module: name() }));
        }
        let organisation = context.metadata.organisation().await;
        let organisation = organisation.map_err(|failure| Halt::of(failure, module.as_str()))?;
        let Some(organisation) = organisation else {
            return Err(Halt::Refused(Refusal::OrganisationUnknown { module: name() }));
        };
        let relay_user = relay_user(context, module, reader).await?;
        note_schema(context, module, &schema, held).await?;
        Ok(Self {
            org_id: organisation.id.clone(),
            relay_user,
            columns: schema.columns(),
            schema,
        })
    }

    /// Tells of changes in the name of that run.
    pub(super) fn teller<'a>(
        &'a self,
        module: &'a ModuleName,
        held: &'a StoredProgress,
        origins: &'a Origins,
        now: jiff::Timestamp,
    ) -> Option<Teller<'a>> {
        let run = held.progress.run.as_ref()?;
        Some(Teller {
            org_id: &self.org_id,
            module: module.as_str(),
            run_id: &run.run_id,
            kind: run.finds_by(),
            origins,
            seen_at: now,
            schema: self.schema.hash(),
        })
    }
}

async fn fields<S: Services>(context: &Context<S>, module: &ModuleName) -> Result<Arc<ModuleFields>, Halt> {
    let fields = context.metadata.fields(module, Freshness::TenMinutes).await;
    match fields.map_err(|failure| Halt::of(failure, module.as_str()))? {
        Metadata::Known(fields) => Ok(fields),
        Metadata::Unverified(why) => Err(Halt::Refused(Refusal::FieldsUnknown {
            module: module.as_str().to_owned(),
            why,
        })),
    }
}

/// The user in whose name the relay works; `None` where Bigin does not say.
async fn relay_user<S: Services>(
    context: &Context<S>,
    module: &ModuleName,
    reader: &ModuleReader<'_, S>,
) -> Result<Option<String>, Halt> {
    let key = Key::new("pull", "relay-user");
    if let Some(noted) = context.table.get::<String>(&key).await? {
        return Ok(Some(noted.value));
    }
    match reader.relay_user().await {
        Ok(user) => {
            context.table.put(&key, &user, Some(context.now() + USER_KEPT)).await?;
            Ok(Some(user))
        }
        Err(AskFailure::Refused(failure)) => {
            tracing::warn!(%failure, "whose changes are the relay's own is not known");
            Ok(None)
        }
        Err(failure) => Err(Halt::of(failure, module.as_str())),
    }
}

/// Writes the schema before the first line that names it, and warns of fields that are gone.
async fn note_schema<S: Services>(
    context: &Context<S>,
    module: &ModuleName,
    schema: &Schema,
    held: &mut StoredProgress,
) -> Result<(), Halt> {
    let earlier = held.progress.schema.replace(schema.clone());
    let Some(run) = held.progress.run.as_mut() else {
        return Ok(());
    };
    if let Some(earlier) = &earlier {
        let gone = schema.gone_since(earlier);
        if !gone.is_empty() {
            let gone = gone.join(", ");
            run.warn(
                "FIELDS_GONE",
                format!("Bigin no longer has these fields, and no later line has them: {gone}"),
            );
        }
    }
    if run.schemas.iter().any(|known| known == schema.hash()) {
        return Ok(());
    }
    // Written by each run that names it: so it is never older than the files that do.
    let json = serde_json::to_vec_pretty(&schema.json_schema(module.as_str()))?;
    let key = run.files(module).schema(schema.hash());
    context.bucket.put(&key, "application/schema+json", json).await?;
    run.schemas.push(schema.hash().to_owned());
    Ok(())
}

//! Asks Bigin what a round wants to know, one question at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bigin::{Access, CallFailure, CallShape, ModuleName, Operation, Record};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::ask::{Ask, Reply};
use super::failing::Failing;
use super::lookup_cache::LookupCache;
use super::place::Place;
use super::round::Round;
use crate::context::{Context, Services, note_own};
use crate::deliver::{CallTally, DeliveryLimits, PauseCheck};
use shared::authorized_bigin::{AskFailure, TRIES};
use shared::metadata_cache::Freshness;
use shared::state::own_writes::OwnWrites;
use shared::stop::{Service, Stop};

/// Asks, and remembers for the run what it was told.
#[derive(Debug, Default)]
pub struct Resolver {
    /// What is known.
    pub cache: LookupCache,
    failing: Failing,
    cost: Arc<Cost>,
    looked: Option<Instant>,
}

/// What the questions cost. It counts each call as it sets out, so that none is forgotten when the wait for its answer is
/// given up.
#[derive(Debug, Default)]
struct Cost {
    calls: AtomicU64,
    questions: AtomicU64,
    credits: AtomicU64,
}

impl Resolver {
    /// What it cost since the last time this was asked. The credits are in the state table already.
    pub fn take_tally(&self) -> CallTally {
        let calls = self.cost.calls.swap(0, Ordering::Relaxed);
        CallTally {
            api_calls: calls,
            credits: self.cost.credits.swap(0, Ordering::Relaxed),
            retries: calls.saturating_sub(self.cost.questions.swap(0, Ordering::Relaxed)),
            credits_left: None,
        }
    }

    /// Asks until the round knows all it wants to know, or something stops it. `halt` stops it between two questions.
    pub async fn resolve<S: Services, B: PauseCheck>(
        &mut self,
        context: &Context<S>,
        round: &mut Round,
        pause_check: &B,
        limits: &DeliveryLimits,
        halt: &AtomicBool,
    ) -> Option<Stop> {
        // Once a question has failed for what is in it, halves of it are asked once each.
        let mut searching = false;
        while let Some(ask) = round.next(&mut self.cache) {
            if halt.load(Ordering::Relaxed) {
                return Some(Stop::OutOfTime);
            }
            if let Some(stop) = self.reason_not_to_ask(pause_check, limits).await {
                return Some(stop);
            }
            let tries = match ask.values() {
                2.. if searching => 1,
                _ => TRIES,
            };
            let before = self.cost.calls.load(Ordering::Relaxed);
            let answer = timeout_at(limits.waiting_ends, self.ask(context, &ask, tries)).await;
            // The tally may have been taken meanwhile.
            let made = self.cost.calls.load(Ordering::Relaxed).saturating_sub(before).max(1);
            let made = u32::try_from(made).unwrap_or(u32::MAX);
            match answer {
                Err(_) => return Some(Stop::OutOfTime),
                Ok(Err(stop)) if is_silent(&stop) && ask.values() > 0 => {
                    let is_sure = searching && ask.values() > 1;
                    if !is_sure && !self.can_be_read(context, &ask, limits).await {
                        return Some(stop);
                    }
                    searching = true;
                    if let Ask::Make { place, values } = &ask {
                        let is_at_fault = self.failing.failed(place, values, made, context.now());
                        if values.len() == 1 && !is_at_fault {
                            return Some(stop);
                        }
                    }
                    round.fails(&mut self.cache, &ask);
                }
                Ok(Err(stop)) => return Some(stop),
                Ok(Ok(reply)) => {
                    if let Ask::Make { place, values } = &ask {
                        self.failing.passed(place, values, made.saturating_sub(1));
                    }
                    round.take(&mut self.cache, &ask, reply);
                }
            }
        }
        None
    }

    /// Whether a question is answered that is like this one and has no value in it.
    async fn can_be_read<S: Services>(&self, context: &Context<S>, ask: &Ask, limits: &DeliveryLimits) -> bool {
        let (Ask::Query { place, .. } | Ask::Make { place, .. }) = ask else {
            return false;
        };
        let control = Ask::Page {
            place: place.clone(),
            token: None,
        };
        let asked = timeout_at(limits.waiting_ends, self.ask(context, &control, 1)).await;
        matches!(asked, Ok(Ok(_)))
    }

    async fn reason_not_to_ask<B: PauseCheck>(&mut self, pause_check: &B, limits: &DeliveryLimits) -> Option<Stop> {
        let now = Instant::now();
        if now >= limits.sending_ends {
            return Some(Stop::OutOfTime);
        }
        if self.looked.is_none_or(|looked| now - looked >= limits.look_every) {
            self.looked = Some(now);
            return pause_check.look().await;
        }
        None
    }

    async fn ask<S: Services>(&self, context: &Context<S>, ask: &Ask, tries: u32) -> Result<Reply, Stop> {
        let bigin = &context.bigin;
        let credits = ask.credits();
        if !matches!(ask, Ask::Fields(_)) {
            self.cost.questions.fetch_add(1, Ordering::Relaxed);
        }
        let told = match ask {
            Ask::Fields(module) => {
                let told = context.metadata.fields(module, Freshness::TenMinutes).await;
                told.map(|metadata| Reply::Fields(metadata.shared()))
            }
            Ask::Query {
                place: Place::Records { module, by },
                values,
            } => {
                let question = |access: Access| async move { bigin.having(&access, module, by, values).await };
                self.counted(context, (tries, credits), question)
                    .await
                    .map(Reply::Found)
            }
            Ask::Page { place, token } => {
                let question = |access: Access| async move { page(context, &access, place, token.as_deref()).await };
                self.counted(context, (tries, credits), question).await
            }
            Ask::Make {
                place: Place::Records { module, by },
                values,
            } => {
                let shape = making_shape(module, by.as_str());
                let records: Vec<_> = values.iter().map(|value| record(by.as_str(), value)).collect();
                let records: Vec<_> = records.iter().collect();
                let (shape, records) = (&shape, records.as_slice());
                let set_out = Timestamp::now();
                let question = |access: Access| async move { bigin.write(&access, shape, records).await };
                let made = self.counted(context, (tries, credits), question).await;
                if context.settings.pulled.may_have(module) {
                    let now = Timestamp::now();
                    let writes = match &made {
                        Ok(answer) => OwnWrites::of(shape, answer, now),
                        Err(_) => Some(OwnWrites::lost(set_out, now)),
                    };
                    if let Some(writes) = writes {
                        note_own(context.table.clone(), module.clone(), writes, context.now()).await;
                    }
                }
                made.map(|answer| Reply::Made(answer.outcomes))
            }
            // Users and team pipelines are neither queried nor made.
            Ask::Query { .. } | Ask::Make { .. } => Ok(Reply::Page {
                hits: Vec::new(),
                next: None,
            }),
        };
        told.or_else(|failure| match failure {
            AskFailure::Refused(failure) => Ok(Reply::Refused(failure)),
            AskFailure::Stop(stop) => Err(stop),
            AskFailure::State(error) => Err(Stop::unavailable(Service::StateTable, error)),
        })
    }

    async fn counted<S: Services, T, F, A>(
        &self,
        context: &Context<S>,
        (tries, credits): (u32, u64),
        question: F,
    ) -> Result<T, AskFailure>
    where
        F: Fn(Access) -> A,
        A: Future<Output = Result<T, CallFailure>>,
    {
        context
            .authorized
            .ask_up_to(tries, credits, |access| {
                self.cost.calls.fetch_add(1, Ordering::Relaxed);
                self.cost.credits.fetch_add(credits, Ordering::Relaxed);
                question(access)
            })
            .await
    }
}

/// Whether a question failed without a word about what is in it.
fn is_silent(stop: &Stop) -> bool {
    matches!(
        stop,
        Stop::Unavailable {
            service: Service::Bigin,
            ..
        }
    )
}

/// A page of a list. Users come by numbers, which serve as tokens; team pipelines are few.
async fn page<S: Services>(
    context: &Context<S>,
    access: &Access,
    place: &Place,
    token: Option<&str>,
) -> Result<Reply, CallFailure> {
    match place {
        Place::Records { module, by } => {
            let page = context.bigin.page(access, module, by, token).await?;
            Ok(Reply::Page {
                hits: page.hits,
                next: page.next,
            })
        }
        Place::UserEmails | Place::UserNames => {
            let number = token.and_then(|token| token.parse().ok()).unwrap_or(1);
            let page = context.bigin.active_users(access, number).await?;
            let hit = |user: bigin::User| bigin::Hit {
                id: user.id,
                value: if *place == Place::UserEmails {
                    user.email
                } else {
                    user.full_name
                },
            };
            Ok(Reply::Page {
                hits: page.users.into_iter().map(hit).collect(),
                next: page.more.then(|| (number + 1).to_string()),
            })
        }
        Place::TeamPipelines => {
            let pipelines = context.bigin.team_pipelines(access).await?;
            let hit = |pipeline: bigin::TeamPipeline| bigin::Hit {
                id: pipeline.id,
                value: pipeline.name,
            };
            Ok(Reply::Page {
                hits: pipelines.into_iter().map(hit).collect(),
                next: None,
            })
        }
    }
}

/// An upsert by the field itself, which starts no automation.
fn making_shape(module: &ModuleName, by: &str) -> CallShape {
    CallShape {
        module: module.clone(),
        operation: Operation::Upsert,
        match_on: vec![by.to_owned()],
        trigger: Vec::new(),
    }
}

fn record(by: &str, value: &str) -> Record {
    let mut writer = Record::writer();
    writer.field(by, value);
    writer.finish()
}

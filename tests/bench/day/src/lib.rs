//! A day of tokens: the schedule runs every 20 minutes, 1,000 pushers push once a minute each, and at seven past noon Zoho takes
//! the token away while all of them use it. Everything but Zoho and AWS is the functions' own code; all run at the same time,
//! step by step in turn, by a clock that moves on when all of them sleep.

mod clock;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bigin::data_centre::DataCentre;
use bigin::oauth::{Grant, Revoked, TokenFailure};
use bigin::secret::RefreshToken;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use refresh::{Function, RefreshStatus, Refresher, Request};
use shared::clock::Clock;
use shared::intake::MemoryIntake;
use shared::state::waits::Patience;
use shared::state::{AuthorizationEvent, MemoryTable, standing};
use shared::stop::Stop;
use shared::testing::{access_token, self_client};
use shared::tokens::Tokens;
use shared::tokens::{AccessTokenStore, DocumentStore, Issuer, MemoryIssuer, MemorySecret, StandingGrant};
use shared::tokens::{Refreshed, TokenMinter, TokenProvider};

pub use clock::DayClock;

const REFRESH_TOKEN: &str = "refresh-token";
const EVERY_MINUTE: Duration = Duration::from_mins(1);
const SCHEDULE: Duration = Duration::from_mins(20);
/// How long Zoho takes over a new token: long enough for all pushers to come in between.
const ZOHO_TAKES: Duration = Duration::from_secs(2);

type Refresh = Function<MemoryTable, MemorySecret, Zoho, MemoryIntake, DayClock>;
type Desk = Arc<TokenProvider<MemorySecret, Invoke, DayClock>>;

/// How many tokens were minted in a day of so many pushers. Without the schedule the pushers alone keep the token good.
///
/// # Errors
/// A pusher was left without a good token.
pub fn mints(pushers: u32, has_schedule: bool) -> Result<u64, Box<dyn Error>> {
    let midnight: Timestamp = "2026-11-24T00:00:00Z".parse()?;
    let day = Day {
        // Seven minutes after the schedule's last run.
        token_is_taken_away: midnight + SignedDuration::from_mins(12 * 60 + 7),
        ends: midnight + SignedDuration::from_hours(24),
        clock: DayClock::at(midnight),
    };
    let secret = MemorySecret::default();
    let zoho = Zoho(MemoryIssuer::with_refresh_tokens(&[REFRESH_TOKEN]), day.clock.clone());
    let refresh = Arc::new(refresh_function(&secret, &zoho, &day.clock));
    run(
        &day.clock,
        vec![authorized(Arc::clone(&refresh), day.clock.clone()).boxed()],
    )?;

    let mut everybody: Vec<Task> = Vec::new();
    if has_schedule {
        everybody.push(day.clone().schedule(Arc::clone(&refresh)).boxed());
    }
    for number in 0..pushers {
        let invoke = Invoke(Arc::clone(&refresh), format!("pusher-{number}"));
        let desk = TokenProvider::new(AccessTokenStore::new(secret.clone()), invoke, day.clock.clone());
        let begins_after = EVERY_MINUTE * number / pushers;
        everybody.push(day.clone().pusher(desk, begins_after).boxed());
    }
    run(&day.clock, everybody)?;
    Ok(zoho.0.minted())
}

#[derive(Debug, Clone)]
struct Day {
    token_is_taken_away: Timestamp,
    ends: Timestamp,
    clock: DayClock,
}

impl Day {
    async fn schedule(self, refresh: Arc<Refresh>) -> Done {
        while self.clock.now() < self.ends {
            let answer = refresh.handle(Request::default(), "schedule").await;
            answer.map_err(|error| error.to_string())?;
            self.clock.sleep(SCHEDULE).await;
        }
        Ok(())
    }

    /// Pushes all day long, and is in the middle of a call when Zoho takes the token away.
    async fn pusher(self, desk: Desk, begins_after: Duration) -> Done {
        self.clock.sleep(begins_after).await;
        while self.clock.now() < self.ends {
            let pass = desk.pass().await.map_err(|stop| stop.message())?;
            let until_then = self.token_is_taken_away - self.clock.now();
            match Duration::try_from(until_then) {
                Ok(call) if call < EVERY_MINUTE => {
                    self.clock.sleep(call).await;
                    let newer = desk.newer_than(&pass).await.map_err(|stop| stop.message())?;
                    if newer.version == pass.version {
                        return Err("a pusher was told to use the token that Zoho refuses".to_owned());
                    }
                }
                _ => {}
            }
            self.clock.sleep(EVERY_MINUTE).await;
        }
        Ok(())
    }
}

type Done = Result<(), String>;
type Task = futures_util::future::BoxFuture<'static, Done>;

/// Runs all of them to their ends, all at the same time.
fn run(clock: &DayClock, tasks: Vec<Task>) -> Done {
    let mut tasks: FuturesUnordered<Task> = tasks.into_iter().collect();
    let somebody = Arc::new(Somebody::default());
    let waker = Waker::from(Arc::clone(&somebody));
    let mut context = Context::from_waker(&waker);
    loop {
        match tasks.poll_next_unpin(&mut context) {
            Poll::Ready(Some(done)) => done?,
            Poll::Ready(None) => return Ok(()),
            Poll::Pending if somebody.was_woken() || clock.move_on() => {}
            Poll::Pending => return Err("all wait, and none of them for the clock".to_owned()),
        }
    }
}

/// Whether anybody may go on before the clock does.
#[derive(Debug, Default)]
struct Somebody(AtomicBool);

impl Somebody {
    fn was_woken(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Somebody {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Invokes refresh, as push does.
struct Invoke(Arc<Refresh>, String);

impl TokenMinter for Invoke {
    async fn refresh(&self, rejected_version: &str) -> Result<Refreshed, Stop> {
        let request = Request {
            rejected_version: Some(rejected_version.to_owned()),
        };
        let answer = self.0.handle(request, &self.1).await;
        let answer = answer.map_err(|error| Stop::NoFreshToken {
            message: error.to_string(),
        })?;
        Ok(match answer.status {
            RefreshStatus::InProgress => Refreshed::InProgress,
            RefreshStatus::Fresh | RefreshStatus::Refreshed => Refreshed::Read,
            _ => Refreshed::NotAuthorized,
        })
    }
}

/// Zoho Accounts, which takes its time.
#[derive(Debug, Clone)]
struct Zoho(MemoryIssuer, DayClock);

impl Issuer for Zoho {
    async fn refresh(&self, grant: StandingGrant<'_>) -> Result<Grant, TokenFailure> {
        self.1.sleep(ZOHO_TAKES).await;
        self.0.refresh(grant).await
    }

    async fn revoke(&self, data_centre: DataCentre, token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        self.0.revoke(data_centre, token).await
    }
}

fn refresh_function(secret: &MemorySecret, zoho: &Zoho, clock: &DayClock) -> Refresh {
    Function {
        refresher: Refresher {
            table: MemoryTable::with_clock(clock.clone()),
            access: DocumentStore::new(secret.clone()),
            self_client: DocumentStore::new(MemorySecret::default()),
            issuer: zoho.clone(),
            clock: clock.clone(),
        },
        intake: MemoryIntake::default(),
        stack: String::new(),
        patience: Patience::default(),
    }
}

/// What authorize leaves behind.
async fn authorized(refresh: Arc<Refresh>, clock: DayClock) -> Done {
    let (refresher, now) = (&refresh.refresher, clock.now());
    let client = self_client(REFRESH_TOKEN);
    let published = refresher.self_client.publish(None, &client).await;
    let _ = published.map_err(|error| error.to_string())?;
    let published = refresher.access.publish(None, &access_token("first", now)).await;
    let _ = published.map_err(|error| error.to_string())?;
    let expires_at = now + SignedDuration::from_hours(1);
    let event = AuthorizationEvent::Authorized { expires_at };
    let recorded = standing::record(&refresher.table, &event, now).await;
    recorded.map(|_| ()).map_err(|error| error.to_string())
}

//! A census: whether consumers know all that Bigin has. After a run has read its window, everything is listed by id and time
//! and compared with the lines that manifests name; what is found comes out as change records.

use bigin::{ColumnName, MOST_ROWS_A_QUERY, Tombstone};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::authorized_bigin::AskFailure;
use shared::bucket::{BucketError, Objects};

use super::comparison::{Compared, Finding, compared, most_vanished};
use super::failure::Halt;
use super::progress::{Stage, StoredProgress};
use super::reading::{Reading, out_of_order, run_of};
use crate::change::Op;
use crate::context::Services;
use crate::file::CensusCounts;
use crate::hydrate::{ByIds, Hydrator};
use crate::known::{Known, Line, Merged, Packer};
use crate::schema::MODIFIED_TIME;
use crate::window::Window;

/// So many records that are not listed are looked into in one census.
const MOST_ABSENT: usize = 2_000;
/// So many are looked into between two looks at the time.
const ABSENT_AT_ONCE: usize = 50;
/// A list of what is known is written by us: a million records are some 7 MB.
const MOST_LIST_BYTES: u64 = 256 << 20;

/// How far a census is, and what it has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// Whether somebody has confirmed that many records may come out as vanished.
    pub accepts_vanished: bool,
    /// What it has found.
    pub counts: CensusCounts,
    /// The greatest id that was compared.
    pub after: u64,
    /// Whether all is compared.
    pub is_compared: bool,
    /// How many records consumers have.
    pub known: u64,
    /// Those of them that Bigin does not list, and that are to be looked into.
    pub absent: Vec<u64>,
    /// Those of them that Bigin does not show, either.
    pub vanished: Vec<u64>,
}

fn census_of(held: &mut StoredProgress) -> Result<&mut Census, Halt> {
    run_of(held)?.census.as_mut().ok_or(Halt::Lost)
}

/// What consumers have is not known any more, or is damaged: nothing can be compared.
fn lose_known(held: &mut StoredProgress) -> Result<(), Halt> {
    held.progress.known = None;
    let run = run_of(held)?;
    run.warn(
        "KNOWN_LOST",
        "what consumers have is not known any more, so nothing was compared: the next census begins with a full copy",
    );
    run.census = None;
    run.stage = Stage::Manifest;
    Ok(())
}

/// Several lists as one.
fn put_together(lists: Vec<Vec<u8>>) -> std::io::Result<Vec<u8>> {
    let (mut merged, mut packer) = (Merged::new(lists, 0)?, Packer::default());
    while let Some(line) = merged.next_up_to(u64::MAX)? {
        packer.add(line)?;
    }
    packer.finish()
}

impl<S: Services> Reading<'_, S> {
    /// Compares a page, or looks into some of those that are not listed.
    pub(super) async fn take_census(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        let window = self.open_window(held, None).await?;
        if self.known.is_none() {
            // What this run has read is known from here on.
            self.checkpoint(held).await?;
            self.known = self.find_known(held).await?;
        }
        if self.known.is_none() {
            return lose_known(held);
        }
        let census = census_of(held)?;
        if !census.is_compared {
            self.compare(held, &window).await
        } else if !census.absent.is_empty() {
            self.look_into_absent(held).await
        } else {
            self.tell_of_vanished(held, &window).await?;
            run_of(held)?.stage = Stage::Manifest;
            Ok(())
        }
    }

    async fn compare(&mut self, held: &mut StoredProgress, window: &Window) -> Result<(), Halt> {
        let everything = Window {
            from: None,
            to: window.to,
        };
        let verified_to = held.progress.known.as_ref().and_then(|known| known.verified_to);
        let after = census_of(held)?.after;
        let asked = self.reader.written(&everything, after).await;
        let page = self.written(asked, held).await?;
        let listed = page.rows.len();
        let is_last = !page.more && listed < MOST_ROWS_A_QUERY;
        let last = page.last_id(after).ok_or_else(out_of_order)?;
        let most = if is_last { u64::MAX } else { last };
        let read_at = page.at.unwrap_or_else(|| self.context.now());
        let known = self.known.as_mut().ok_or(Halt::Lost)?;
        let Ok(Compared { known, absent, found }) = compared(page.rows, known, most, verified_to) else {
            return lose_known(held);
        };
        let mut counts = CensusCounts::default();
        if !found.is_empty() {
            self.describe(held).await?;
            self.find_origins(held).await?;
            let (Some(description), Some(origins)) = (&self.description, &self.origins) else {
                return Err(Halt::Lost);
            };
            let hydrator = Hydrator {
                reader: &self.reader,
                columns: &description.columns,
                window: &everything,
            };
            let rows: Vec<_> = found.iter().map(|(id, at, _)| (id.clone(), *at)).collect();
            let records = hydrator.read(&rows, &mut run_of(held)?.by_ids).await;
            let records = records.map_err(|failure| Halt::of(failure, self.module.as_str()))?;
            let mut findings = found.iter();
            let teller = description.teller(self.module, held, origins, self.context.now());
            let teller = teller.ok_or(Halt::Lost)?;
            for (record, at) in &records {
                // Records come in the order in which they were asked for; some may be gone since.
                let Some((_, _, finding)) = findings.find(|(id, _, _)| *id == record.id) else {
                    continue;
                };
                // A line of the old time would stand behind the one that says that it is gone.
                let at = if *finding == Finding::Restored { read_at } else { *at };
                let line = teller.written(record, at, &description.columns);
                self.part.add(Op::Upsert, &line)?;
                self.lines.extend(line_of(&record.id, at, false));
            }
        }
        for (_, _, finding) in &found {
            *match finding {
                Finding::Missed => &mut counts.missed,
                Finding::Restored => &mut counts.restored,
                Finding::NewlyVisible => &mut counts.newly_visible,
            } += 1;
        }
        counts.records = listed as u64;
        counts.absent = absent.len() as u64;
        let census = census_of(held)?;
        census.counts = census.counts.and(counts);
        census.known += known;
        census.absent.extend(absent);
        census.absent.truncate(MOST_ABSENT);
        census.after = last;
        census.is_compared = is_last;
        Ok(())
    }

    /// What was changed since the window closed is not listed, and is there all the same.
    async fn look_into_absent(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        let module = self.module;
        let failed = |failure| Halt::of(failure, module.as_str());
        let by_ids = run_of(held)?.by_ids;
        let census = census_of(held)?;
        let first = census.absent.len().saturating_sub(ABSENT_AT_ONCE);
        let mut left: Vec<String> = census.absent[first..].iter().map(u64::to_string).collect();
        let may_ask = census.accepts_vanished;
        let most = most_vanished(census.known);
        let mut found = census.vanished.len();
        if by_ids == ByIds::Works
            && let Some(column) = ColumnName::parse(MODIFIED_TIME)
        {
            let ids: Vec<_> = left.iter().map(String::as_str).collect();
            match self.reader.by_ids(&ids, &[&column]).await {
                Ok(there) => left.retain(|id| there.iter().all(|record| record.id != *id)),
                Err(AskFailure::Refused(_)) => {}
                Err(failure) => return Err(failed(failure)),
            }
        }
        let mut vanished = Vec::new();
        for id in left {
            // Too many to be believed: whether the others are there need not be found out.
            let is_gone = (found > most && !may_ask) || self.reader.one(&id).await.map_err(failed)?.is_none();
            if is_gone {
                found += 1;
                vanished.extend(id.parse::<u64>());
            }
        }
        let census = census_of(held)?;
        census.absent.truncate(first);
        census.vanished.extend(vanished);
        Ok(())
    }

    async fn tell_of_vanished(&mut self, held: &mut StoredProgress, window: &Window) -> Result<(), Halt> {
        if census_of(held)?.vanished.is_empty() {
            return Ok(());
        }
        let (deleted, read_at) = self.deleted_since(window).await?;
        let census = census_of(held)?;
        census.vanished.retain(|id| !deleted.contains(id));
        let most = most_vanished(census.known);
        let count = census.vanished.len();
        if count > most && !census.accepts_vanished {
            census.counts.held = count as u64;
            census.vanished.clear();
            let message = format!(
                "at least {count} records that consumers have are not in Bigin, and it tells of no delete; {most} may vanish without \
                 anybody's word, so none was told of: look in Bigin, then ask for {{\"module\": \"{}\", \"census\": true, \
                 \"accept_vanished\": true}}",
                self.module
            );
            run_of(held)?.warn("VANISHED_HELD", message);
            return Ok(());
        }
        if count == 0 {
            return Ok(());
        }
        self.describe(held).await?;
        self.find_origins(held).await?;
        let (Some(description), Some(origins)) = (&self.description, &self.origins) else {
            return Err(Halt::Lost);
        };
        let vanished = std::mem::take(&mut census_of(held)?.vanished);
        let teller = description.teller(self.module, held, origins, self.context.now());
        let teller = teller.ok_or(Halt::Lost)?;
        for id in &vanished {
            self.part.add(Op::Delete, &teller.vanished(&id.to_string(), read_at))?;
            self.lines.extend(line_of(&id.to_string(), read_at, true));
        }
        census_of(held)?.counts.vanished = vanished.len() as u64;
        Ok(())
    }

    /// What was deleted after the window closed: the next run tells of it. Also when Bigin said so.
    async fn deleted_since(&mut self, window: &Window) -> Result<(Vec<u64>, Timestamp), Halt> {
        let (mut deleted, mut read_at) = (Vec::new(), None);
        for number in 1.. {
            let page = match self.reader.deleted(number).await {
                Ok(page) => page,
                Err(AskFailure::Refused(_)) => break,
                Err(failure) => return Err(Halt::of(failure, self.module.as_str())),
            };
            read_at = read_at.or(page.at);
            let is_later = |tombstone: &&Tombstone| window.is_before(tombstone.deleted_at);
            deleted.extend(
                page.records
                    .iter()
                    .filter(is_later)
                    .filter_map(|one| one.id.parse::<u64>().ok()),
            );
            if !page.more || page.records.iter().any(|one| !window.is_before(one.deleted_at)) {
                break;
            }
        }
        Ok((deleted, read_at.unwrap_or_else(|| self.context.now())))
    }

    /// What consumers know by manifests, and by what this run has read, from where the census is. `None` where that is lost.
    async fn find_known(&mut self, held: &mut StoredProgress) -> Result<Option<Merged>, Halt> {
        let Some(known) = held.progress.known.clone() else {
            return Ok(None);
        };
        let whole = if known.later.is_empty() {
            known.whole
        } else {
            let Some(lists) = self.lists(known.lists()).await? else {
                return Ok(None);
            };
            let Ok(whole) = put_together(lists) else {
                return Ok(None);
            };
            let run = run_of(held)?;
            let key = format!("state/{}/known-{}-{:04}.bin.gz", self.module, run.run_id, run.next_part);
            self.context.bucket.put(&key, "application/gzip", whole).await?;
            held.progress.known = Some(Known {
                whole: Some(key.clone()),
                later: Vec::new(),
                verified_to: known.verified_to,
            });
            self.write(held).await?;
            for old in known.lists() {
                if let Err(error) = self.context.bucket.delete(old).await {
                    tracing::warn!(%error, key = old, "a list that nobody needs any more was left behind");
                }
            }
            Some(key)
        };
        let own = run_of(held)?.lists.clone();
        let lists = self.lists(whole.iter().chain(&own)).await?;
        let after = census_of(held)?.after;
        Ok(lists.and_then(|lists| Merged::new(lists, after).ok()))
    }

    async fn lists(&self, keys: impl Iterator<Item = &String>) -> Result<Option<Vec<Vec<u8>>>, Halt> {
        let mut lists = Vec::new();
        for key in keys {
            match self.context.bucket.get(key, MOST_LIST_BYTES).await {
                Ok(Some(list)) => lists.push(list),
                // Who may not list the bucket's keys is told "forbidden" of what is not there.
                Ok(None) | Err(BucketError::Unreadable { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(lists))
    }
}

/// The line of a record as a list has it.
pub(super) fn line_of(id: &str, at: Timestamp, is_gone: bool) -> Option<Line> {
    let id = id.parse().ok()?;
    Some(Line {
        id,
        at: at.as_second(),
        is_gone,
    })
}

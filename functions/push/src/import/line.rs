//! The line of imports: one goes at a time, oldest first. A check stands in front, since it only asks a few questions.

use jiff::{SignedDuration, Timestamp};

use crate::context::Services;
use crate::import::ledger::Waiting;
use crate::import::steps::{Import, ImportError, Importer};

/// How much later than it said an import may look again before it is taken for dead: as long as the state machine goes
/// on trying a step that fails.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// Whether an import may go: all older ones have ended, are dead, or have stepped aside because another module is held.
pub fn may_go(line: &[Waiting], place: &str, module: &str, now: Timestamp) -> bool {
    let older = line
        .iter()
        .filter(|other| other.place.as_str() < place && other.looks_by >= now);
    older.into_iter().all(|other| other.aside && other.module != module)
}

/// Whether an execution is in the line and will look again in time.
pub fn is_alive(line: &[Waiting], execution: &str, now: Timestamp) -> bool {
    line.iter()
        .any(|waiting| waiting.looks_by >= now && waiting.execution == execution)
}

/// An import's place in the line. `order` is the sequencer of its event.
pub fn place(dry_run: bool, put_at: Timestamp, order: &str, run_id: &str) -> String {
    let kind = if dry_run { "0" } else { "1" };
    format!("{kind}#{}#{order}#{run_id}", put_at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
}

impl<S: Services> Importer<'_, S> {
    /// Says in the line when this import will look again.
    pub(in crate::import) async fn stand_in_line(
        &self,
        import: &Import,
        wait: u64,
        aside: bool,
    ) -> Result<(), ImportError> {
        let Some(place) = import.place.clone() else {
            return Ok(());
        };
        let wait = SignedDuration::from_secs(i64::try_from(wait).unwrap_or(3600));
        let looks_by = self.context.now() + wait + GRACE;
        // A check is in nobody's way once it stands aside.
        let module = if import.dry_run {
            String::new()
        } else {
            import.module.clone()
        };
        let waiting = Waiting {
            place,
            execution: import.execution.clone(),
            module,
            looks_by,
            aside,
            waits_for: import.waits_for.clone(),
        };
        Ok(self.context.ledger().stand_in_line(&waiting).await?)
    }

    /// Whether it is this import's turn in the line.
    pub(in crate::import) async fn may_go(&self, import: &Import) -> Result<bool, ImportError> {
        let Some(place) = &import.place else { return Ok(true) };
        let line = self.context.ledger().line().await?;
        Ok(may_go(&line, place, &import.module, self.context.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(place: &str, module: &str, aside: bool) -> Waiting {
        let looks_by = "2026-11-24T10:00:00Z".parse().unwrap();
        Waiting {
            place: place.to_owned(),
            execution: place.to_owned(),
            module: module.to_owned(),
            looks_by,
            aside,
            waits_for: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn imports_go_oldest_first() {
        let line = [waiting("1#a", "contacts", false), waiting("1#b", "contacts", false)];
        let now = at("2026-11-24T09:00:00Z");
        assert!(may_go(&line, "1#a", "contacts", now));
        assert!(!may_go(&line, "1#b", "contacts", now));
        assert!(
            may_go(&line, "1#b", "contacts", at("2026-11-24T10:00:01Z")),
            "the older one is dead"
        );
    }

    #[test]
    fn a_held_module_lets_others_pass_but_not_its_own_files() {
        let line = [
            waiting("1#a", "contacts", true),
            waiting("1#b", "contacts", false),
            waiting("1#c", "deals", false),
        ];
        let now = at("2026-11-24T09:00:00Z");
        assert!(!may_go(&line, "1#b", "contacts", now));
        assert!(may_go(&line[..1], "1#c", "deals", now));
    }

    #[test]
    fn a_check_stands_in_front_and_the_order_of_versions_decides_within_a_second() {
        let put_at = at("2026-11-24T09:00:00Z");
        let check = place(true, at("2026-11-25T09:00:00Z"), "", "r9");
        assert!(check < place(false, put_at, "01", "r1"));
        assert!(place(false, put_at, "01", "r2") < place(false, put_at, "02", "r1"));
        assert!(place(false, at("2026-11-24T08:59:59.999Z"), "09", "r2") < place(false, put_at, "02", "r1"));
    }
}

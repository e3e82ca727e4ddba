//! Whose change it is: the relay's own, somebody else's, or one that may be either. Push has noted what it wrote; a change with
//! just that id, time and user is its own.

use bigin::{NamedUser, Tombstone};
use jiff::{SignedDuration, Timestamp};
use shared::state::own_writes::OwnWrites;

/// So near to a write of the relay's, in seconds, a change in the same name may follow from it.
const NEAR_S: i64 = 60;
/// Of a time that lies further back it is not known whether push noted what it wrote: the module may not have been pulled.
const NOTED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Whose change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody else's.
    Bigin,
    /// The relay's.
    Relay,
    /// One of the two.
    Unsure,
}

impl Origin {
    /// The word for it in a change record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bigin => "bigin",
            Self::Relay => "relay",
            Self::Unsure => "unsure",
        }
    }
}

/// A record that the relay wrote, and when, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    id: u64,
    at: i64,
    /// Which of the users, for what was written; 0 for what was touched or deleted.
    by: u32,
}

/// What the relay wrote to a module within a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    relay_user: Option<String>,
    /// Since when all that the relay wrote is among the marks, in seconds.
    all_since: Option<i64>,
    users: Vec<Option<String>>,
    written: Vec<Mark>,
    touched: Vec<Mark>,
    deleted: Vec<Mark>,
    lost: Vec<(i64, i64)>,
}

/// The marks of one record within so many seconds of an instant.
fn near(marks: &[Mark], id: u64, at: i64, seconds: i64) -> &[Mark] {
    let first = marks.partition_point(|mark| (mark.id, mark.at) < (id, at - seconds));
    let end = marks.partition_point(|mark| (mark.id, mark.at) <= (id, at + seconds));
    marks.get(first..end).unwrap_or_default()
}

impl Origins {
    /// What is known before any mark is read: in whose name the relay works, and since when the marks to come are all.
    pub fn new(relay_user: Option<String>, all_since: Option<Timestamp>) -> Self {
        Self {
            relay_user,
            all_since: all_since.map(Timestamp::as_second),
            ..Self::default()
        }
    }

    /// Since when all that the relay wrote is noted, of a window that begins then and is read at that moment: since its begin,
    /// unless that lies too far back.
    pub fn noted_since(from: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        from.filter(|from| now - NOTED_FOR <= *from)
    }

    /// From when on marks are looked for, where a window has no begin.
    pub fn earliest(to: Timestamp) -> Timestamp {
        to - NOTED_FOR
    }

    /// Takes the marks of some calls.
    pub fn add(&mut self, calls: Vec<OwnWrites>) {
        for call in calls {
            let at = call.at.as_second();
            let by = self.user(call.by);
            let marks = |ids: Vec<u64>| ids.into_iter().map(move |id| Mark { id, at, by: 0 });
            self.touched.extend(marks(call.touched));
            self.deleted.extend(marks(call.deleted));
            for (at, ids) in call.written {
                self.written.extend(ids.into_iter().map(|id| Mark { id, at, by }));
            }
            self.lost.extend(call.lost_since.map(|since| (since.as_second(), at)));
        }
    }

    /// All marks were added.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for marks in [&mut self.written, &mut self.touched, &mut self.deleted] {
            marks.sort_unstable();
        }
        self
    }

    fn user(&mut self, by: Option<String>) -> u32 {
        let known = self.users.iter().position(|user| *user == by);
        let place = known.unwrap_or_else(|| {
            self.users.push(by);
            self.users.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Who wrote what a mark stands for.
    fn writer(&self, mark: &Mark) -> Option<&str> {
        let named = self.users.get(mark.by as usize).and_then(Option::as_deref);
        named.or(self.relay_user.as_deref())
    }

    /// Whose change it is that a record was written at that time in that name.
    pub fn of_written(&self, id: &str, at: Timestamp, by: Option<&NamedUser>) -> Origin {
        let (Some(by), Ok(id)) = (by, id.parse()) else {
            return Origin::Unsure;
        };
        let at = at.as_second();
        if near(&self.written, id, at, 0)
            .iter()
            .any(|mark| self.writer(mark) == Some(&by.id))
        {
            return Origin::Relay;
        }
        match &self.relay_user {
            Some(relay) if *relay != by.id => Origin::Bigin,
            Some(_) if self.all_since.is_some_and(|since| since <= at) && !self.is_near(id, at) => Origin::Bigin,
            _ => Origin::Unsure,
        }
    }

    fn is_near(&self, id: u64, at: i64) -> bool {
        let is_marked = |marks| !near(marks, id, at, NEAR_S).is_empty();
        let is_within = |(from, to): &(i64, i64)| from - NEAR_S <= at && at <= to + NEAR_S;
        is_marked(&self.written) || is_marked(&self.touched) || self.lost.iter().any(is_within)
    }

    /// Whose change it is that a record was deleted. A company takes its contacts along, in the name of who deletes it: what
    /// is not marked may still be the relay's.
    pub fn of_deleted(&self, tombstone: &Tombstone) -> Origin {
        let (Some(by), Some(relay), Ok(id)) = (&tombstone.deleted_by, &self.relay_user, tombstone.id.parse()) else {
            return Origin::Unsure;
        };
        if by.id != *relay {
            Origin::Bigin
        } else if near(&self.deleted, id, tombstone.deleted_at.as_second(), NEAR_S).is_empty() {
            Origin::Unsure
        } else {
            Origin::Relay
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const T: i64 = 1_795_770_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(T + second).unwrap()
    }

    fn user(id: &str) -> NamedUser {
        NamedUser {
            id: id.to_owned(),
            name: None,
        }
    }

    fn call(second: i64) -> OwnWrites {
        let mut nothing = OwnWrites::lost(at(second), at(second));
        nothing.lost_since = None;
        nothing
    }

    fn origins(calls: Vec<OwnWrites>) -> Origins {
        let mut origins = Origins::new(Some("222".to_owned()), Some(at(-1_000)));
        origins.add(calls);
        origins.sorted()
    }

    fn wrote(id: u64, second: i64, by: Option<&str>) -> OwnWrites {
        OwnWrites {
            by: by.map(str::to_owned),
            written: BTreeMap::from([(T + second, vec![id])]),
            ..call(second + 1)
        }
    }

    #[test]
    fn a_change_is_the_relays_where_id_time_and_user_match() {
        let origins = origins(vec![wrote(1, 0, None), wrote(2, 0, Some("old"))]);
        let of = |id: &str, second, by: &str| origins.of_written(id, at(second), Some(&user(by)));
        assert_eq!(of("1", 0, "222"), Origin::Relay);
        assert_eq!(of("2", 0, "old"), Origin::Relay, "another user had authorized then");
        assert_eq!(of("1", 0, "333"), Origin::Bigin, "somebody else in the same second");
        assert_eq!(of("1", 60, "222"), Origin::Unsure);
        assert_eq!(of("1", 61, "222"), Origin::Bigin, "the same user, by hand");
        assert_eq!(of("3", 0, "222"), Origin::Bigin);
        assert_eq!(origins.of_written("1", at(0), None), Origin::Unsure);
    }

    #[test]
    fn what_a_call_touched_or_may_have_written_is_unsure() {
        let touched = OwnWrites {
            touched: vec![1],
            ..call(0)
        };
        let lost = OwnWrites::lost(at(1_000), at(1_030));
        let origins = origins(vec![touched, lost]);
        let of = |id: &str, second| origins.of_written(id, at(second), Some(&user("222")));
        assert_eq!((of("1", 30), of("2", 30)), (Origin::Unsure, Origin::Bigin));
        assert_eq!((of("9", 1_015), of("9", 1_091)), (Origin::Unsure, Origin::Bigin));
        assert_eq!(origins.of_written("9", at(1_015), Some(&user("333"))), Origin::Bigin);
    }

    #[test]
    fn where_not_all_writes_are_known_nothing_of_the_relays_user_is_taken_for_somebody_elses() {
        let mut origins = Origins::new(Some("222".to_owned()), Some(at(1)));
        origins.add(vec![wrote(1, 0, None)]);
        let origins = origins.sorted();
        assert_eq!(origins.of_written("1", at(0), Some(&user("222"))), Origin::Relay);
        assert_eq!(origins.of_written("2", at(0), Some(&user("222"))), Origin::Unsure);
        assert_eq!(
            Origins::new(None, Some(at(0))).of_written("2", at(0), Some(&user("1"))),
            Origin::Unsure
        );
        assert_eq!(Origins::noted_since(Some(at(0)), at(86_400)), Some(at(0)));
        assert_eq!(Origins::noted_since(Some(at(0)), at(86_401)), None);
        assert_eq!(Origins::noted_since(None, at(0)), None);
    }

    #[test]
    fn a_delete_is_the_relays_by_id_and_user() {
        let origins = origins(vec![OwnWrites {
            deleted: vec![1],
            ..call(0)
        }]);
        let of = |id: &str, by: Option<&str>| {
            origins.of_deleted(&Tombstone {
                id: id.to_owned(),
                deleted_at: at(-1),
                deleted_by: by.map(user),
                is_permanent: false,
            })
        };
        assert_eq!(of("1", Some("222")), Origin::Relay);
        assert_eq!(of("1", Some("333")), Origin::Bigin);
        assert_eq!(of("2", Some("222")), Origin::Unsure, "it went along with its company");
        assert_eq!(of("1", None), Origin::Unsure);
    }

    proptest! {
        #[test]
        fn no_write_of_the_relays_is_taken_for_somebody_elses_and_no_one_elses_for_the_relays(
            own in proptest::collection::vec((0_u64..6, 0_i64..300), 0..20), others in proptest::collection::vec((0_u64..6, 0_i64..300), 0..20),
            order in any::<bool>(),
        ) {
            let mut calls: Vec<_> = own.iter().map(|(id, second)| wrote(*id, *second, Some("222"))).collect();
            if order {
                calls.reverse();
            }
            let origins = origins(calls);
            for (id, second) in &own {
                prop_assert_eq!(origins.of_written(&id.to_string(), at(*second), Some(&user("222"))), Origin::Relay);
            }
            for (id, second) in &others {
                prop_assert_eq!(origins.of_written(&id.to_string(), at(*second), Some(&user("333"))), Origin::Bigin);
                let by_hand = origins.of_written(&id.to_string(), at(*second), Some(&user("222")));
                let nearest = own.iter().filter(|(own, _)| own == id).map(|(_, own)| (own - second).abs()).min();
                let expected = match nearest {
                    Some(0) => Origin::Relay,
                    Some(1..=NEAR_S) => Origin::Unsure,
                    _ => Origin::Bigin,
                };
                prop_assert_eq!(by_hand, expected);
            }
        }
    }
}

use proptest::prelude::*;

use super::*;

const SHARE: SignedDuration = SignedDuration::from_secs(10);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An import that waits and will look again in a hundred seconds.
fn waiting(place: &str, module: &str, refers_to: Option<&[&str]>) -> Waiting {
    Waiting {
        place: place.to_owned(),
        execution: place.to_owned(),
        runs_in: place.to_owned(),
        run_id: place.to_owned(),
        module: module.to_owned(),
        refers_to: refers_to.map(|modules| modules.iter().map(|module| (*module).to_owned()).collect()),
        looks_by: at(100) + GRACE,
        aside: false,
        waits_for: None,
        waits: true,
        watches: false,
    }
}

fn places(waiting: &[&Waiting]) -> Vec<String> {
    waiting.iter().map(|waiting| waiting.place.clone()).collect()
}

fn delivers(line: &[Waiting], index: usize, now: Timestamp) -> bool {
    may(line, &line[index], now) == May::Deliver
}

#[test]
fn imports_of_a_module_go_oldest_first_and_the_dead_keep_nobody_waiting() {
    let line = [
        waiting("1#a", "Contacts", Some(&[])),
        waiting("1#b", "Contacts", Some(&[])),
    ];
    assert!(delivers(&line, 0, at(0)));
    assert_eq!(may(&line, &line[1], at(0)), May::Wait(line[0].clone()));
    let later = at(101) + GRACE;
    assert!(delivers(&line, 1, later), "the older one is dead");
}

#[test]
fn parents_go_before_children_and_a_held_parent_keeps_them_waiting() {
    let mut parents = waiting("1#a", "Accounts", Some(&[]));
    parents.aside = true;
    let line = [
        parents,
        waiting("1#b", "Contacts", Some(&["Accounts"])),
        waiting("1#c", "Tasks", Some(&["Contacts"])),
        waiting("1#d", "Products", Some(&[])),
    ];
    assert!(!delivers(&line, 1, at(0)));
    assert!(!delivers(&line, 2, at(0)));
    assert!(delivers(&line, 3, at(0)));
}

#[test]
fn nobody_changes_a_parent_under_a_running_child() {
    let line = [
        waiting("1#a", "Contacts", Some(&["Accounts"])),
        waiting("1#b", "Accounts", Some(&[])),
    ];
    assert!(!delivers(&line, 1, at(0)));
}

#[test]
fn an_older_import_whose_header_is_not_read_blocks_and_may_be_planned_at_once() {
    let line = [waiting("1#a", "Contacts", None), waiting("1#b", "Products", Some(&[]))];
    assert_eq!(may(&line, &line[0], at(0)), May::Plan);
    assert!(!delivers(&line, 1, at(0)));
}

#[test]
fn a_check_waits_for_nobody_and_nobody_for_it() {
    let put_at = at(0);
    let check = place(true, at(86_400), "", "r9");
    assert!(check < place(false, put_at, "01", "r1"));
    let line = [
        waiting(&check, "", None),
        waiting("1#a", "Contacts", Some(&[])),
        waiting("0#z", "", None),
    ];
    assert!((0..3).all(|index| delivers(&line, index, at(0))));
}

#[test]
fn the_order_of_versions_decides_within_a_second() {
    let put_at: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
    assert!(place(false, put_at, "01", "r2") < place(false, put_at, "02", "r1"));
    let before = "2026-11-24T08:59:59.999Z".parse().unwrap();
    assert!(place(false, before, "09", "r2") < place(false, put_at, "02", "r1"));
}

#[test]
fn a_module_keeps_the_turn_for_its_share_and_then_it_goes_round() {
    let line = [
        waiting("1#a", "Contacts", Some(&[])),
        waiting("1#b", "Tasks", Some(&[])),
        waiting("1#c", "Products", Some(&[])),
        waiting("1#d", "Products", Some(&[])),
    ];
    let round = RoundShare {
        module: "Products".into(),
        since: at(0),
    };
    let next_at = |second| places(&next(&line, Some(&round), SHARE, at(second)));
    assert_eq!(next_at(9), ["1#c", "1#b", "1#a"]);
    assert_eq!(next_at(10), ["1#b", "1#a", "1#c"]);
    assert!(others_wait(&line, "Products", at(0)));
    assert!(!others_wait(&line[2..], "Products", at(0)));
}

#[test]
fn who_does_not_wait_for_the_turn_is_not_woken_for_it() {
    let mut running = waiting("1#a", "Contacts", Some(&[]));
    running.waits = false;
    let mut held = waiting("1#b", "Tasks", Some(&[]));
    held.aside = true;
    let line = [running, held, waiting("1#c", "Contacts", Some(&[]))];
    assert!(next(&line, None, SHARE, at(0)).is_empty());
    assert!(!others_wait(&line, "Contacts", at(0)));
}

#[test]
fn one_import_watches_and_a_new_one_stands_some_places_behind() {
    let mut line: Vec<Waiting> = (0..30)
        .map(|number| waiting(&format!("1#{number:02}"), "Contacts", Some(&[])))
        .collect();
    line[3].watches = true;
    assert!(!needs_watcher(&line, "1#00", at(0)));
    assert!(needs_watcher(&line, "1#03", at(0)), "it does not count itself");
    assert_eq!(new_watcher(&line, "1#00", at(0)), None);
    assert_eq!(new_watcher(&line, "1#03", at(0)).unwrap().place, "1#10");
    assert!(needs_watcher(&line, "1#00", at(161)), "the watcher is late");
    assert_eq!(new_watcher(&line[..1], "1#00", at(0)), None, "nobody is left");
}

const MODULES: [&str; 4] = ["Accounts", "Contacts", "Pipelines", "Tasks"];

fn lines() -> impl Strategy<Value = Vec<Waiting>> {
    let refers = prop::option::of(prop::collection::vec(0..MODULES.len(), 0..3));
    let one = (0..MODULES.len(), refers, any::<bool>(), any::<bool>());
    prop::collection::vec(one, 1..12).prop_map(|imports| {
        let numbered = imports.into_iter().enumerate();
        let made = numbered.map(|(number, (module, refers, aside, waits))| {
            let refers: Option<Vec<&str>> = refers.map(|them| them.into_iter().map(|it| MODULES[it]).collect());
            Waiting {
                aside,
                waits,
                ..waiting(&format!("1#{number:02}"), MODULES[module], refers.as_deref())
            }
        });
        made.collect()
    })
}

proptest! {
    /// Whoever may send has no older import of its module, of one it looks up, or of one that looks its module up.
    #[test]
    fn nobody_overtakes_what_it_depends_on(line in lines()) {
        for (index, me) in line.iter().enumerate() {
            if may(&line, me, at(0)) == May::Deliver {
                let refers = me.refers_to.as_ref().unwrap();
                for older in &line[..index] {
                    prop_assert!(older.module != me.module);
                    prop_assert!(!refers.contains(&older.module));
                    prop_assert!(older.refers_to.as_ref().is_some_and(|theirs| !theirs.contains(&me.module)));
                }
            }
        }
    }

    /// The line never stands still: when everybody waits for the turn alone, somebody is woken, and who goes takes a
    /// place away, so that all have gone in the end.
    #[test]
    fn everybody_has_gone_in_the_end(line in lines(), seconds in prop::collection::vec(0i64..25, 1..40)) {
        let mut line: Vec<Waiting> = line.into_iter().map(|it| Waiting { aside: false, waits: true, ..it }).collect();
        let (mut round, mut now, mut steps) = (None::<RoundShare>, at(0), seconds.iter().cycle());
        let mut rounds = 0;
        while !line.is_empty() {
            rounds += 1;
            prop_assert!(rounds < 100);
            let chosen = next(&line, round.as_ref(), SHARE, now).first().map(|it| (*it).clone());
            prop_assert!(chosen.is_some(), "nobody is woken: {line:?}");
            let chosen = chosen.unwrap();
            if round.as_ref().is_none_or(|round| round.module != chosen.module) {
                round = Some(RoundShare { module: chosen.module.clone(), since: now });
            }
            now += SignedDuration::from_secs(*steps.next().unwrap());
            // All looks are repeated in time.
            for other in &mut line {
                other.looks_by = now + GRACE;
            }
            let index = line.iter().position(|it| it.place == chosen.place).unwrap();
            if line[index].refers_to.is_none() {
                line[index].refers_to = Some(BTreeSet::from([MODULES[index % 4].to_owned()]));
            } else {
                line.remove(index);
            }
        }
    }

    /// A module that can use the turn has it after the others' shares, whatever they bring.
    #[test]
    fn no_module_waits_longer_than_a_round(line in lines()) {
        let line: Vec<Waiting> = line.into_iter().map(|it| Waiting { aside: false, waits: true, ..it }).collect();
        let wanting = heads(&line, at(0)).len();
        let mut round = None::<RoundShare>;
        let mut had = BTreeSet::new();
        for turn in 0..wanting {
            let now = at(i64::try_from(turn).unwrap() * 10);
            let chosen = next(&line, round.as_ref(), SHARE, now)[0];
            had.insert(chosen.module.clone());
            round = Some(RoundShare { module: chosen.module.clone(), since: now });
        }
        prop_assert_eq!(had.len(), wanting);
    }
}

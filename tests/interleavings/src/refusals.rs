//! What Bigin refuses of a module, learnt by several invocations of push at the same time, while others are taken and an
//! operator decides. Whoever learns something has read before what was known.

use shared::state::Key;
use shared::state::refusals::{Refusals, Refused, decide, learn, of_module};

use crate::desk::Desk;
use crate::role::Role;
use crate::table::SceneTable;
use crate::world::{End, World};

const MODULE: &str = "Contacts";
const OPERATION: &str = "upsert";

/// An invocation whose record was refused. Records are numbered from 1.
pub async fn refused(desk: Desk, record: u64) -> End {
    let refused = Refused {
        operation: OPERATION.to_owned(),
        code: "NOBODY_KNOWS".to_owned(),
        content: record,
        at: desk.world().now(),
    };
    told(&desk, End::Refused(record), |known| known.refuse(refused)).await
}

/// An invocation whose record was taken.
pub async fn taken(desk: Desk) -> End {
    let now = desk.world().now();
    told(&desk, End::Taken, |known| known.accept(OPERATION, now)).await
}

async fn told(desk: &Desk, end: End, note: impl FnOnce(&mut Refusals)) -> End {
    let (table, now) = (SceneTable(desk.clone()), desk.world().now());
    let Ok(before) = of_module(&table, MODULE).await else {
        return End::NotTold;
    };
    let mut learnt = before.clone();
    note(&mut learnt);
    match learn(&table, MODULE, (&before, &learnt), now).await {
        Ok(()) => end,
        Err(_) => End::NotTold,
    }
}

/// The operator has such records rejected.
pub async fn decided(desk: Desk) -> End {
    let (table, now) = (SceneTable(desk.clone()), desk.world().now());
    match decide(&table, MODULE, true, now).await {
        Ok(()) => End::Decided,
        Err(_) => End::NotTold,
    }
}

/// What holds when everybody is at the end.
pub fn at_the_end(world: &mut World) {
    let item = world.items.get(&Key::new("refusals", MODULE));
    let known: Refusals = item.map_or_else(Refusals::default, |item| serde_json::from_str(&item.document).unwrap());
    let ends: Vec<End> = world.people.iter().filter_map(|person| person.end.clone()).collect();
    let is_known = |record: u64| {
        known
            .refused
            .iter()
            .chain(&known.cleared)
            .any(|refused| refused.content == record)
    };
    // A decision is about what was refused before it, which is forgotten then; one whose answer was lost may stand, too.
    let is_decided = world.people.iter().any(|person| person.name == Role::Decided.name());
    let is_forgotten = |end: &End| matches!(end, End::Refused(record) if !is_known(*record));
    if !is_decided && ends.iter().any(is_forgotten) {
        world.break_rule("never a refusal forgotten that an invocation has told of");
    }
    let mut contents: Vec<u64> = known.refused.iter().map(|refused| refused.content).collect();
    contents.sort_unstable();
    if contents.windows(2).any(|pair| pair[0] == pair[1]) {
        world.break_rule("never one record's refusal counted for two");
    }
    if ends.contains(&End::Decided) && !ends.contains(&End::Taken) && known.rejected_by_hand.is_none() {
        world.break_rule("never an operator's decision undone by an invocation that began before it");
    }
}

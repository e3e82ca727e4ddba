//! Brings messages of held modules back: all once the hold has ended, some when it is time to try the module again.

use std::collections::{BTreeMap, HashSet};

use shared::bucket::Objects;
use shared::state::held;

use super::{Caretaker, UpkeepError};
use crate::context::Services;
use crate::import::Imports;
use crate::queue::{HELD_FOLDER, RecordsQueue, module_of};

impl<S: Services, Q: RecordsQueue, I: Imports> Caretaker<'_, S, Q, I> {
    /// Brings back what may come: how many messages, and whether none is left.
    pub(super) async fn bring_back_held(&self) -> Result<(usize, bool), UpkeepError> {
        let (mut brought, mut tried) = (0, HashSet::new());
        loop {
            let mut may_come = BTreeMap::<String, usize>::new();
            // A message that was put away twice, because something died in between, comes back once. One that has come back
            // may have been put away again by the next look: that is no second one.
            let mut seen = HashSet::new();
            let keys = self.context.bucket.keys(HELD_FOLDER).await?;
            if keys.is_empty() {
                return Ok((brought, true));
            }
            let mut came = false;
            for key in keys {
                if self.is_over() {
                    return Ok((brought, false));
                }
                let module = module_of(&key).unwrap_or_default().to_owned();
                if !may_come.contains_key(&module) {
                    let objects = self.objects_that_may_come(&module, &mut tried).await?;
                    may_come.insert(module.clone(), objects);
                }
                match may_come.get_mut(&module) {
                    Some(left) if *left > 0 => *left -= 1,
                    _ => continue,
                }
                let (count, all) = self.bring_object_back(&key, 0, &mut seen).await?;
                brought += count;
                if !all {
                    return Ok((brought, false));
                }
                came = true;
            }
            if !came {
                return Ok((brought, false));
            }
        }
    }

    /// How many objects of a module's messages may come back now. A held module is `tried` once.
    async fn objects_that_may_come(&self, module: &str, tried: &mut HashSet<String>) -> Result<usize, UpkeepError> {
        let hold = held::of_module(&self.context.table, module).await?;
        Ok(match hold {
            None => usize::MAX,
            // One call shows whether it works again, however often this upkeep looks.
            Some(hold) if self.context.now() >= hold.look_again_at && tried.insert(module.to_owned()) => 1,
            Some(_) => 0,
        })
    }
}

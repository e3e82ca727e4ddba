//! The state table of a scene. A revision is named after who wrote it and what that one had seen, so that two orders of
//! steps that come to the same are seen to.

use std::hash::Hash;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::state::{Key, StateError, Stored, Swap, Table};

use crate::desk::Desk;
use crate::world::{Document, Fate, Item, May, World};

#[derive(Clone)]
pub struct SceneTable(pub Desk);

impl World {
    fn item(&self, key: &Key) -> Option<&Item> {
        let is_there = |item: &&Item| item.keep_until.is_none_or(|until| until > self.now());
        self.items.get(key).filter(is_there)
    }
}

fn failed<R>(what: &Key) -> impl FnOnce(Fate) -> Result<R, StateError> + use<R> {
    let what = what.to_string();
    |_| {
        Err(StateError::Failed {
            action: "reach",
            what,
            problem: "a fault of the scene".to_owned(),
        })
    }
}

fn parsed<T: DeserializeOwned>((document, revision): (Document, u64)) -> Stored<T> {
    let value = serde_json::from_str(&document).unwrap();
    Stored { value, revision }
}

impl SceneTable {
    /// A deed on items under that key. In a scene of imports most items are of concern to one of them alone, or never
    /// change: only the line, its tokens and the turn are shared.
    async fn deed<S: Hash, R>(
        &self,
        key: &Key,
        (name, may): (&'static str, May),
        act: impl FnOnce(&mut World) -> S,
        answer: impl FnOnce(S) -> R,
        lost: impl FnOnce(Fate) -> R,
    ) -> R {
        let shared = ["import", "imports", "imports#token"];
        if self.0.world().machine.imports.is_empty() || shared.contains(&key.pk.as_str()) {
            self.0.deed(name, may, act, answer, lost).await
        } else {
            answer(self.0.at_once(name, act))
        }
    }

    fn write(&self, world: &mut World, key: &Key, document: String, keep_until: Option<Timestamp>) -> u64 {
        let revision = self.0.mark(world);
        let item = Item {
            document: Document(document),
            revision,
            keep_until,
        };
        world.items.insert(key.clone(), item);
        revision
    }
}

impl Table for SceneTable {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, StateError> {
        let look = |world: &mut World| world.item(key).map(|item| (item.document.clone(), item.revision));
        let answer = |found: Option<(Document, u64)>| Ok(found.map(parsed));
        self.deed(key, ("read an item", May::Fail), look, answer, failed(key))
            .await
    }

    async fn swap<T: Serialize + Sync>(
        &self,
        key: &Key,
        expected: Option<u64>,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<Swap, StateError> {
        let document = serde_json::to_string(value).unwrap();
        let swap = |world: &mut World| {
            (world.item(key).map(|item| item.revision) == expected)
                .then(|| self.write(world, key, document, keep_until))
        };
        let answer = |revision: Option<u64>| Ok(revision.map_or(Swap::Lost, Swap::Done));
        let failed = failed(key);
        let lost = |fate| {
            if fate == Fate::Misled {
                Ok(Swap::Lost)
            } else {
                failed(fate)
            }
        };
        self.deed(key, ("swap an item", May::FailLoseOrMislead), swap, answer, lost)
            .await
    }

    async fn put<T: Serialize + Sync>(
        &self,
        key: &Key,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<(), StateError> {
        let document = serde_json::to_string(value).unwrap();
        let put = |world: &mut World| {
            self.write(world, key, document, keep_until);
        };
        self.deed(key, ("put an item", May::FailOrLoseAnswer), put, Ok, failed(key))
            .await
    }

    async fn remove(&self, key: &Key, expected: Option<u64>) -> Result<bool, StateError> {
        let remove = |world: &mut World| {
            let is_others =
                expected.is_some_and(|revision| world.item(key).is_some_and(|item| item.revision != revision));
            if !is_others {
                world.items.remove(key);
            }
            !is_others
        };
        let failed = failed(key);
        let lost = |fate| if fate == Fate::Misled { Ok(false) } else { failed(fate) };
        self.deed(key, ("remove an item", May::FailLoseOrMislead), remove, Ok, lost)
            .await
    }

    async fn add(&self, key: &Key, amount: i64, keep_until: Option<Timestamp>) -> Result<i64, StateError> {
        let add = |world: &mut World| {
            let sum = amount + world.item(key).map_or(0, |item| item.document.parse::<i64>().unwrap());
            self.write(world, key, sum.to_string(), keep_until);
            sum
        };
        self.0
            .deed("add to a counter", May::FailOrLoseAnswer, add, Ok, failed(key))
            .await
    }

    async fn count(&self, key: &Key) -> Result<i64, StateError> {
        let look = |world: &mut World| world.item(key).map_or(0, |item| item.document.parse().unwrap());
        self.0.deed("read a counter", May::Fail, look, Ok, failed(key)).await
    }

    async fn list<T: DeserializeOwned + Send>(&self, pk: &str) -> Result<Vec<(String, Stored<T>)>, StateError> {
        let look = |world: &mut World| {
            let under = world.items.keys().filter(|key| key.pk == pk);
            let found = under.filter_map(|key| Some((key.sk.clone(), world.item(key)?)));
            found
                .map(|(sk, item)| (sk, (item.document.clone(), item.revision)))
                .collect::<Vec<_>>()
        };
        let answer = |found: Vec<(String, (Document, u64))>| {
            Ok(found.into_iter().map(|(sk, item)| (sk, parsed(item))).collect())
        };
        let key = &Key::new(pk, "*");
        self.deed(key, ("list items", May::Fail), look, answer, failed(key))
            .await
    }

    async fn counts(&self, pk: &str, from: &str) -> Result<Vec<(String, i64)>, StateError> {
        let look = |world: &mut World| {
            let under = world.items.keys().filter(|key| key.pk == pk && key.sk.as_str() >= from);
            let found = under.filter_map(|key| Some((key.sk.clone(), world.item(key)?.document.parse().unwrap())));
            found.collect()
        };
        self.0
            .deed("list counters", May::Fail, look, Ok, failed(&Key::new(pk, "*")))
            .await
    }

    async fn get_many<T: DeserializeOwned + Send>(&self, keys: &[Key]) -> Result<Vec<(Key, Stored<T>)>, StateError> {
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.get(key).await?.map(|stored| (key.clone(), stored)));
        }
        Ok(found)
    }
}

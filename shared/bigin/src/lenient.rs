//! Reads JSON that may not be as documented, without a tree of it in memory. A value of another type than
//! expected counts as absent; it does not make the whole answer unreadable.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, or a whole number as its digits (ids never go through floating point). Anything else is no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text, unless it is empty.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// The text, unless it is empty, as one's own.
    pub(super) fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }

    /// The number that the text's digits make.
    pub(super) fn number<T: std::str::FromStr>(&self) -> Option<T> {
        self.get()?.parse().ok()
    }
}

/// True or false, or absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) Option<bool>);

impl Flag {
    /// Whether it is there and true.
    pub(super) fn is_set(self) -> bool {
        self.0 == Some(true)
    }
}

/// Whether there is an object with something in it: Bigin writes "does not apply" as `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Filled(pub(super) bool);

/// An object of that shape, or the shape's default where there is something else.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<T>(pub(super) T);

/// A list; empty where there is something else.
#[derive(Debug, Clone)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The first element of a list and how many there are.
#[derive(Debug, Clone, Default)]
pub(super) struct First<T> {
    pub(super) first: Option<T>,
    pub(super) count: usize,
}

/// What a visitor makes of each kind of JSON value; scalars and, by default, lists and objects are absent.
trait Wanted<'de>: Default {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn from_text(_text: Cow<'de, str>) -> Self {
        Self::default()
    }

    fn from_flag(_flag: bool) -> Self {
        Self::default()
    }
}

impl Wanted<'_> for Flag {
    fn from_flag(flag: bool) -> Self {
        Self(Some(flag))
    }
}

impl<'de> Wanted<'de> for Filled {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut entries = 0;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            entries += 1;
        }
        Ok(Self(entries > 0))
    }
}

impl<'de> Wanted<'de> for Text<'de> {
    fn from_text(text: Cow<'de, str>) -> Self {
        Self(Some(text))
    }
}

impl<'de, T: Deserialize<'de> + Default> Wanted<'de> for Object<T> {
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Self)
    }
}

impl<'de, T: Deserialize<'de> + Default> Wanted<'de> for List<T> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Self(items))
    }
}

impl<'de, T: Deserialize<'de> + Default> Wanted<'de> for First<T> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let Some(first) = list.next_element()? else {
            return Ok(Self::default());
        };
        let mut count = 1;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Self {
            first: Some(first),
            count,
        })
    }
}

struct Any<W>(PhantomData<W>);

impl<'de, W: Wanted<'de>> Visitor<'de> for Any<W> {
    type Value = W;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<W, E> {
        Ok(W::from_flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<W, E> {
        Ok(W::from_text(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<W, E> {
        Ok(W::from_text(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<W, E> {
        Ok(W::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<W, E> {
        Ok(W::from_text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<W, E> {
        Ok(W::from_text(Cow::Borrowed(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<W, E> {
        Ok(W::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<W, A::Error> {
        W::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<W, A::Error> {
        W::from_map(map)
    }
}

/// One `Deserialize` for each: coherence forbids one for all of them.
macro_rules! deserialize_leniently {
    ($($name:ident $(<$t:ident>)?),*) => {$(
        impl<'de $(, $t: Deserialize<'de> + Default)?> Deserialize<'de> for $name $(<$t>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Any(PhantomData))
            }
        }
    )*};
}

deserialize_leniently!(Object<T>, List<T>, First<T>, Flag, Filled);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Text<'de> = deserializer.deserialize_any(Any(PhantomData))?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Option<String> {
        serde_json::from_str::<Text<'_>>(json).unwrap().owned()
    }

    #[test]
    fn a_text_is_a_text_or_the_digits_of_a_whole_number() {
        assert_eq!(text("\"a\\nb\"").as_deref(), Some("a\nb"));
        assert_eq!(text("4711000000000000001").as_deref(), Some("4711000000000000001"));
        assert_eq!(text("-1").as_deref(), Some("-1"));
        for nothing in ["null", "true", "1.5", "\"\"", "[1,[2]]", "{\"a\":{\"b\":1}}"] {
            assert_eq!(text(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_list_keeps_its_length_and_anything_else_is_an_empty_one() {
        assert_eq!(
            serde_json::from_str::<List<Object<Nothing>>>("[1, {}, null]")
                .unwrap()
                .0
                .len(),
            3
        );
        assert!(serde_json::from_str::<List<Text<'_>>>("{}").unwrap().0.is_empty());
    }

    #[test]
    fn the_first_of_a_list_is_kept_and_the_rest_counted() {
        let first: First<Object<Nothing>> = serde_json::from_str("[{}, 2, [3]]").unwrap();
        assert!(first.first.is_some());
        assert_eq!(first.count, 3);
    }

    #[test]
    fn an_empty_object_does_not_apply() {
        let filled = |json| serde_json::from_str::<Filled>(json).unwrap().0;
        assert!(filled(r#"{"casesensitive":"0"}"#));
        assert!(!["{}", "null", "[1]", "\"x\"", "true"].map(filled).contains(&true));
        assert!(serde_json::from_str::<Flag>("true").unwrap().is_set());
        assert_eq!(serde_json::from_str::<Flag>("\"true\"").unwrap(), Flag(None));
    }

    #[derive(Debug, Default, serde::Deserialize)]
    struct Nothing {}
}

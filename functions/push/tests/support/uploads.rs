//! Uploads in pieces, as S3 knows them.

use std::collections::BTreeMap;

/// The pieces of an upload, by their numbers: each with its tag.
type Pieces = BTreeMap<usize, (String, Vec<u8>)>;

/// Uploads that are under way.
#[derive(Default)]
pub struct Uploads {
    begun: usize,
    open: BTreeMap<String, (String, Pieces)>,
    tags: usize,
}

impl Uploads {
    /// Begins one; answers with its id.
    pub fn begin(&mut self, key: &str) -> String {
        self.begun += 1;
        let id = format!("upload-{}", self.begun);
        self.open.insert(id.clone(), (key.to_owned(), BTreeMap::new()));
        id
    }

    /// Adds a piece, or replaces it; answers with its tag, another one each time, as with KMS. `None` where there is no such
    /// upload.
    pub fn add(&mut self, key: &str, upload: &str, number: usize, bytes: Vec<u8>) -> Option<String> {
        let (of, pieces) = self.open.get_mut(upload)?;
        assert_eq!(of, key, "an upload is of one key");
        self.tags += 1;
        let tag = format!("tag-{}", self.tags);
        pieces.insert(number, (tag.clone(), bytes));
        Some(tag)
    }

    /// What the pieces come to. `None` where there is no such upload, or one of its pieces has another tag.
    pub fn complete(&mut self, key: &str, upload: &str, tags: &[String], smallest: usize) -> Option<Vec<u8>> {
        let (of, pieces) = self.open.get(upload)?;
        assert_eq!(of, key, "an upload is of one key");
        let pieces: Option<Vec<_>> = (1..)
            .zip(tags)
            .map(|(number, tag)| pieces.get(&number).filter(|(is, _)| is == tag).map(|(_, bytes)| bytes))
            .collect();
        let pieces = pieces?;
        let (_, before) = pieces.split_last().expect("an upload has a piece");
        assert!(
            before.iter().all(|piece| piece.len() >= smallest),
            "S3 refuses small pieces"
        );
        let whole = pieces.into_iter().flatten().copied().collect();
        self.open.remove(upload);
        Some(whole)
    }

    /// Forgets all of them.
    pub fn forget_all(&mut self) {
        self.open.clear();
    }
}

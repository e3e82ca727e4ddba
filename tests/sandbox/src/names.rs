//! Ids, tokens and secrets in the forms that Zoho gives them.

/// Makes ids of 19 digits that only grow, and random text. The same seed makes the same tokens.
#[derive(Debug)]
pub(crate) struct Names {
    last_id: u64,
    random: fastrand::Rng,
}

/// Ids begin here: 19 digits, more than a double can hold without losing some.
const FIRST_ID: u64 = 5_876_876_000_000_301_001;

impl Names {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            last_id: FIRST_ID,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// The next id of a record or anything else that has one.
    pub(crate) fn id(&mut self) -> u64 {
        // Zoho's ids are not adjacent; a client that counts on is found out.
        self.last_id += 1 + self.random.u64(..7);
        self.last_id
    }

    pub(crate) fn client_id(&mut self) -> String {
        let tail: String = (0..30)
            .map(|_| self.random.alphanumeric().to_ascii_uppercase())
            .collect();
        format!("1000.{tail}")
    }

    pub(crate) fn client_secret(&mut self) -> String {
        self.hex(42)
    }

    /// A code, an access token or a refresh token: they look alike.
    pub(crate) fn token(&mut self) -> String {
        format!("1000.{}.{}", self.hex(32), self.hex(32))
    }

    pub(crate) fn page_token(&mut self) -> String {
        self.hex(256)
    }

    /// A number that others draw their own from.
    pub(crate) fn seed(&mut self) -> u64 {
        self.random.u64(..)
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| self.random.digit(16)).collect()
    }
}

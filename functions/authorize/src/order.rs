//! What the operator sends: the file that Zoho's API console lets one download, with a few wishes of ours beside its
//! keys. Everything that can be checked without spending the code is checked here. Pure.

use bigin::data_centre::DataCentre;
use bigin::secret::{ClientSecret, GrantCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::error::AuthorizeError;
use crate::scopes::missing;

/// The most bytes in a text of the file: Zoho's own have less than a hundred.
pub const LONGEST_TEXT: usize = 1_024;
/// The most scopes in the file; Zoho has some fifty for Bigin. They are stored with the tokens, in a secret of 64 KiB.
pub const MOST_SCOPES: usize = 100;
/// The most bytes in one of them.
pub const LONGEST_SCOPE: usize = 128;
/// How far the clocks of Zoho and AWS may be apart.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What is to be done.
#[derive(Debug)]
pub enum Order {
    /// Authorize with a new code.
    Code(Box<CodeOrder>),
    /// Verify what an earlier run stored and could not verify.
    Verify {
        /// Whether it may be for another organisation than before.
        change_org: bool,
    },
}

/// An authorization with a new code.
#[derive(Debug)]
pub struct CodeOrder {
    /// The file.
    pub file: SelfClientFile,
    /// The data centre to ask, where it is not the stack's own.
    pub data_center: Option<DataCentre>,
    /// Whether it may be for another organisation than before.
    pub change_org: bool,
}

/// The file from the API console (its keys were observed; Zoho does not describe it).
#[derive(Debug)]
pub struct SelfClientFile {
    /// The client's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: ClientSecret,
    /// The one-time code.
    pub code: GrantCode,
    /// The scopes the code was made for, where the file says so.
    pub scope: Option<Vec<String>>,
}

impl Order {
    /// Reads a payload.
    ///
    /// # Errors
    /// What is wrong with it; the code is unspent.
    pub fn read(payload: Value, now: Timestamp) -> Result<Self, AuthorizeError> {
        let object = object(payload)?;
        let change_org = flag(&object, "change_org")?;
        if flag(&object, "verify")? {
            return Ok(Self::Verify { change_org });
        }
        let accept_missing = flag(&object, "accept_missing")?;
        let data_center = data_center(&object)?;
        let file = SelfClientFile::read(&object, now)?;
        let lacking = file.scope.as_deref().map(missing).unwrap_or_default();
        if !lacking.is_empty() && !accept_missing {
            return Err(AuthorizeError::ScopesMissing { missing: lacking });
        }
        Ok(Self::Code(Box::new(CodeOrder {
            file,
            data_center,
            change_org,
        })))
    }
}

impl SelfClientFile {
    fn read(object: &Map<String, Value>, now: Timestamp) -> Result<Self, AuthorizeError> {
        if let Some(sign) = sign_of_another_kind(object) {
            return Err(AuthorizeError::WrongKindOfClient { sign });
        }
        for key in ["client_id", "client_secret", "code"] {
            check_length(key, object.get(key))?;
        }
        let text = |key: &str| {
            object
                .get(key)
                .and_then(Value::as_str)
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        let client_id = text("client_id");
        let client_secret = text("client_secret").and_then(ClientSecret::new);
        let code = text("code").and_then(GrantCode::new);
        let (Some(client_id), Some(client_secret), Some(code)) = (client_id, client_secret, code) else {
            let keys = ["client_id", "client_secret", "code"]
                .into_iter()
                .filter(|key| text(key).is_none())
                .collect();
            return Err(AuthorizeError::KeysMissing { keys });
        };
        if let Some(expired_at) = expiry(object).filter(|expiry| now > *expiry + CLOCK_SKEW) {
            return Err(AuthorizeError::CodeExpired { expired_at, now });
        }
        Ok(Self {
            client_id: client_id.to_owned(),
            client_secret,
            code,
            scope: scope(object)?,
        })
    }
}

/// A payload that is a text is the file pasted into a JSON string.
fn object(payload: Value) -> Result<Map<String, Value>, AuthorizeError> {
    let not_a_file = |found| AuthorizeError::NotASelfClientFile { found };
    match payload {
        Value::Object(object) => Ok(object),
        Value::String(text) => match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(not_a_file("a text that is not JSON")),
        },
        Value::Null => Err(not_a_file("nothing")),
        Value::Array(_) => Err(not_a_file("a list")),
        Value::Bool(_) | Value::Number(_) => Err(not_a_file("a single value")),
    }
}

/// What shows that a file is of another kind of client, or of another company's console.
fn sign_of_another_kind(object: &Map<String, Value>) -> Option<String> {
    let grant_type = object.get("grant_type").and_then(Value::as_str);
    if let Some(other) = grant_type.filter(|grant| *grant != "authorization_code") {
        return Some(format!("grant_type {:?}", other.chars().take(40).collect::<String>()));
    }
    [
        "web",
        "installed",
        "redirect_uri",
        "redirect_uris",
        "private_key",
        "refresh_token",
    ]
    .into_iter()
    .find(|key| object.contains_key(*key))
    .map(|key| format!("the key {key}"))
}

/// Milliseconds since 1970, 13 digits; 10 digits are seconds.
fn expiry(object: &Map<String, Value>) -> Option<Timestamp> {
    let stated = match object.get("expiry_time")? {
        Value::Number(number) => number.as_i64()?,
        Value::String(digits) => digits.trim().parse().ok()?,
        _ => return None,
    };
    let milliseconds = if stated < 100_000_000_000 {
        stated.checked_mul(1000)?
    } else {
        stated
    };
    Timestamp::from_millisecond(milliseconds).ok()
}

/// An array in the file; a text where somebody wrote it by hand.
fn scope(object: &Map<String, Value>) -> Result<Option<Vec<String>>, AuthorizeError> {
    let words = |text: &str| -> Vec<String> {
        text.split([',', ' '])
            .map(str::trim)
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let scopes: Vec<String> = match object.get("scope") {
        Some(Value::String(line)) => words(line),
        Some(Value::Array(scopes)) => scopes.iter().filter_map(Value::as_str).flat_map(words).collect(),
        _ => return Ok(None),
    };
    if scopes.len() > MOST_SCOPES || scopes.iter().any(|scope| scope.len() > LONGEST_SCOPE) {
        return Err(AuthorizeError::WishUnclear {
            key: "scope",
            problem: format!(
                "it names {} scopes, and there may be {MOST_SCOPES} of at most {LONGEST_SCOPE} bytes: send the file as the API console gave it",
                scopes.len()
            ),
        });
    }
    Ok((!scopes.is_empty()).then_some(scopes))
}

fn check_length(key: &'static str, value: Option<&Value>) -> Result<(), AuthorizeError> {
    let bytes = value.and_then(Value::as_str).map_or(0, str::len);
    if bytes <= LONGEST_TEXT {
        return Ok(());
    }
    let problem = format!("it has {bytes} bytes, more than {LONGEST_TEXT}: send the file as the API console gave it");
    Err(AuthorizeError::WishUnclear { key, problem })
}

fn flag(object: &Map<String, Value>, key: &'static str) -> Result<bool, AuthorizeError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(AuthorizeError::WishUnclear {
            key,
            problem: "it is neither true nor false".to_owned(),
        }),
    }
}

fn data_center(object: &Map<String, Value>) -> Result<Option<DataCentre>, AuthorizeError> {
    let key = "data_center";
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(code)) if code.trim().is_empty() => Ok(None),
        Some(Value::String(code)) => match code.parse() {
            Ok(data_center) => Ok(Some(data_center)),
            Err(problem) => Err(AuthorizeError::WishUnclear {
                key,
                problem: format!("{problem}"),
            }),
        },
        Some(_) => Err(AuthorizeError::WishUnclear {
            key,
            problem: "it is not a text, as in \"eu\"".to_owned(),
        }),
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;

//! Sums by which records are told from others after their invocation has ended. They are the same in every invocation of a
//! stack and every version of the relay, and without the stack's key nothing can be guessed from them.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use shared::state::SumKey;

use crate::record::Parcel;

/// Makes the sums.
#[derive(Debug, Clone)]
pub struct RecordSums(hmac::Key);

impl RecordSums {
    /// By a stack's key.
    pub fn by(key: &SumKey) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, key.bytes()))
    }

    /// A record's sum, module included: the first eight bytes of its HMAC (RFC 2104) with SHA-256.
    pub fn of(&self, parcel: &Parcel) -> u64 {
        let mut sum = hmac::Context::with_key(&self.0);
        sum.update(parcel.shape.module.as_str().as_bytes());
        sum.update(b"/");
        sum.update(parcel.record.json().as_bytes());
        let sum = sum.sign();
        sum.as_ref()
            .iter()
            .take(size_of::<u64>())
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// For a delivery that remembers nothing beyond its end.
impl Default for RecordSums {
    fn default() -> Self {
        Self::by(&SumKey::random())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bigin::{CallShape, ModuleName, Operation, Record};
    use serde_json::json;

    use super::*;

    fn contact(module: &str, email: &str) -> Parcel {
        let shape = CallShape {
            module: ModuleName::parse(module).unwrap(),
            operation: Operation::Insert,
            match_on: vec![],
            trigger: vec![],
        };
        let record = Record::from_object(json!({"Email": email}).as_object().unwrap());
        Parcel::new(0, record, vec![], Arc::new(shape))
    }

    /// What lies in the tables of stacks must be found again: the number comes from `openssl dgst -sha256 -hmac`.
    #[test]
    fn a_sum_is_the_same_in_every_version() {
        let key: SumKey = serde_json::from_value(json!({"key": "0123456789abcdef"})).unwrap();
        assert_eq!(
            RecordSums::by(&key).of(&contact("Contacts", "ann@example.com")),
            0x037e_4a8a_0288_30a7
        );
    }

    #[test]
    fn another_record_another_module_and_another_stack_have_other_sums() {
        let sums = RecordSums::default();
        let sum = sums.of(&contact("Contacts", "ann@example.com"));
        assert_eq!(sums.of(&contact("Contacts", "ann@example.com")), sum);
        assert_ne!(sums.of(&contact("Contacts", "bob@example.com")), sum);
        assert_ne!(sums.of(&contact("Accounts", "ann@example.com")), sum);
        assert_ne!(RecordSums::default().of(&contact("Contacts", "ann@example.com")), sum);
    }
}

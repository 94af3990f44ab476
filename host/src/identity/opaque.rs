//! Tokens issued here: 256 random bits that mean nothing to anybody but the store, which has only their hash.

use super::Caller;
use super::scope::{Role, Roles};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use std::fmt;
use std::str::FromStr;

/// What every token begins with, so that one can be recognised where it should not be.
pub const PREFIX: &str = "hwt_";

/// A token's hash. Two are compared in constant time. Fast and without a salt, because nobody guesses 256 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(blake3::Hash);

impl Hash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.into())
    }
}

/// 64 hexadecimal digits, for a store that keeps text.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(self.as_bytes()))
    }
}

impl FromStr for Hash {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        blake3::Hash::from_hex(text).map(Self)
    }
}

/// What the store knows of a token.
#[derive(Clone, Debug)]
pub struct Record {
    /// The hash that [`issue`] gave. It is compared again: a store may find what is merely alike.
    pub hash: Hash,
    /// Whose token it is; see [`valid_subject`].
    pub subject: String,
    /// As text it is a scope; see [`Role`].
    pub role: Role,
    /// Seconds since 1970 from which on the token is refused; `None` is never.
    pub expires: Option<u64>,
    /// Refused from now on.
    pub revoked: bool,
}

/// A new token. The text is for its owner, once; the hash is for the store.
pub fn issue() -> Result<(String, Hash), getrandom::Error> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret)?;
    let text = format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&secret));
    let hash = Hash(blake3::hash(text.as_bytes()));
    Ok((text, hash))
}

/// The hash of what may be a token of [`issue`]; `None` of what cannot be one, so that nobody bothers the store with
/// it.
pub fn hash(presented: &[u8]) -> Option<Hash> {
    let secret = presented.strip_prefix(PREFIX.as_bytes())?;
    let mut bytes = [0_u8; 32];
    // Written in one way only: the decoder refuses padding and trailing bits.
    (BASE64URL_NOPAD.decode_len(secret.len()).ok()? == bytes.len()).then_some(())?;
    BASE64URL_NOPAD.decode_mut(secret, &mut bytes).ok()?;
    Some(Hash(blake3::hash(presented)))
}

/// Whether this can be the subject of a token: what goes to logs and history as it is.
pub fn valid_subject(subject: &str) -> bool {
    !subject.is_empty() && subject.len() <= 256 && !subject.chars().any(char::is_control)
}

/// The caller that a record stands for, or why there is none.
pub fn accept(record: Option<Record>, presented: &Hash, unix: u64) -> Result<Caller, &'static str> {
    let record = record.ok_or("an unknown token of this host")?;
    if record.hash != *presented {
        Err("the store found another token")
    } else if record.revoked {
        Err("the token is revoked")
    } else if record.expires.is_some_and(|expires| expires <= unix) {
        Err("the token has expired")
    } else {
        Ok(Caller {
            subject: record.subject,
            roles: Roles::from_iter([record.role]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_random_and_recognised() {
        let (one, hash_of_one) = issue().unwrap();
        let (two, hash_of_two) = issue().unwrap();
        assert!(one.starts_with("hwt_") && one.len() == 4 + 43 && one != two);
        assert_eq!(hash(one.as_bytes()), Some(hash_of_one));
        assert_ne!(hash_of_one, hash_of_two);
        assert_eq!(hash_of_one.to_string().parse::<Hash>().unwrap(), hash_of_one);
        assert_eq!(Hash::from(*hash_of_one.as_bytes()), hash_of_one);
        assert!(!hash_of_one.to_string().contains(&one[4..]));
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        let (token, _) = issue().unwrap();
        let padded = format!("{token}=");
        let short = &token[..token.len() - 1];
        // 43 digits hold 258 bits: the last two must be zero.
        let trailing = format!("hwt_{}B", "A".repeat(42));
        for text in [
            "",
            "hwt_",
            "HWT_",
            &token[4..],
            &padded,
            short,
            &trailing,
            &"hwt_".repeat(1 << 10),
        ] {
            assert_eq!(hash(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn records_are_obeyed() {
        let (_, hash) = issue().unwrap();
        let (_, other) = issue().unwrap();
        let record = |expires, revoked| Record {
            hash,
            subject: "alice".to_owned(),
            role: Role::User,
            expires,
            revoked,
        };
        let caller = accept(Some(record(None, false)), &hash, 100).unwrap();
        assert_eq!(
            (caller.subject.as_str(), caller.roles),
            ("alice", Roles::from_iter([Role::User]))
        );
        assert!(accept(Some(record(Some(101), false)), &hash, 100).is_ok());
        assert_eq!(
            accept(Some(record(Some(100), false)), &hash, 100),
            Err("the token has expired")
        );
        assert_eq!(
            accept(Some(record(None, true)), &hash, 100),
            Err("the token is revoked")
        );
        assert_eq!(
            accept(Some(record(None, false)), &other, 100),
            Err("the store found another token")
        );
        assert_eq!(accept(None, &hash, 100), Err("an unknown token of this host"));
    }
}

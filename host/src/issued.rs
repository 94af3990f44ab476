//! Tokens issued here: how one is made, and how it is shown, by the API and by the command line.

use crate::data;
use crate::identity::opaque;
use crate::identity::scope::Role;
use crate::store::{self, NewToken, Token};
use serde_json::{Value, json};

/// Makes a token and keeps its hash; gives its text too.
pub async fn issue(
    store: &store::Store,
    subject: String,
    role: &Role,
    expires: Option<i64>,
    created_by: Option<String>,
) -> store::Result<(Token, String)> {
    let (text, hash) =
        opaque::issue().map_err(|error| store::Error::Unavailable(format!("no random bits: {error}")))?;
    let new = NewToken {
        hash: *hash.as_bytes(),
        subject,
        role: role.to_string(),
        expires,
        created_by,
        now: data::now(),
    };
    Ok((store.add_token(new).await?, text))
}

/// A token as it is listed.
pub fn shown(token: &Token) -> Value {
    let mut shown = json!({
        "id": token.id,
        "subject": token.subject,
        "scope": token.role,
        "createdMillis": token.created,
    });
    for (name, time) in [("expiresMillis", token.expires), ("revokedMillis", token.revoked)] {
        if let Some(time) = time {
            shown[name] = time.into();
        }
    }
    if let Some(by) = &token.created_by {
        shown["createdBy"] = by.as_str().into();
    }
    shown
}

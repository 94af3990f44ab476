//! What guest and host say to each other: operations by their names, answers, both in JSON.

use crate::{FetchError, FetchRequest, FetchResponse, Redirect, Texts};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An error is told in so many bytes: it may quote what the guest sent, and is held until the guest reads it.
const MAX_MESSAGE_BYTES: usize = 2 << 10;

/// What the guest is told.
pub(crate) struct Answer {
    pub(crate) head: Vec<u8>,
    pub(crate) body: Bytes,
}

/// What a guest asks for; the table is at the head of `operation.rs`.
pub(super) enum Operation {
    Sleep(Sleep),
    Fetch(Fetch),
    Read(Stream),
    Close(Stream),
    Facts,
    Secret(Named),
    Property(Named),
    State,
    SetState(SetState),
    Remaining,
}

#[derive(Deserialize)]
pub(super) struct Sleep {
    pub(super) ms: f64,
}

#[derive(Deserialize)]
pub(super) struct Stream {
    pub(super) stream: u32,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) key: String,
}

#[derive(Deserialize)]
pub(super) struct SetState {
    pub(super) entries: Texts,
}

impl Operation {
    /// Reads the name first, then what goes with it. (serde's tagged enums go through a form in which numbers get lost
    /// when any crate of the build asks serde_json for arbitrary precision, as rolldown does.)
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Op {
            op: String,
        }
        let Op { op } = serde_json::from_slice(json)?;
        Ok(match op.as_str() {
            "sleep" => Operation::Sleep(serde_json::from_slice(json)?),
            "fetch" => Operation::Fetch(serde_json::from_slice(json)?),
            "read" => Operation::Read(serde_json::from_slice(json)?),
            "close" => Operation::Close(serde_json::from_slice(json)?),
            "facts" => Operation::Facts,
            "secret" => Operation::Secret(serde_json::from_slice(json)?),
            "property" => Operation::Property(serde_json::from_slice(json)?),
            "state" => Operation::State,
            "setState" => Operation::SetState(serde_json::from_slice(json)?),
            "remaining" => Operation::Remaining,
            _ => return Err(serde::de::Error::custom(format_args!("{op:?} is not known"))),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Fetch {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    redirect: Redirect,
    platform: bool,
}

impl Fetch {
    /// What the host is to send.
    pub(super) fn into_request(self, body: &[u8]) -> FetchRequest {
        FetchRequest {
            method: self.method,
            url: self.url,
            headers: self.headers,
            body: (!body.is_empty()).then(|| Bytes::copy_from_slice(body)),
            redirect: self.redirect,
            platform: self.platform,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    status: u16,
    status_text: &'a str,
    headers: &'a [(String, String)],
    url: &'a str,
    redirected: bool,
    stream: u32,
}

impl Answer {
    pub(super) fn of(head: &impl Serialize) -> Self {
        // Numbers, texts and lists of them can always be written as JSON.
        let head = serde_json::to_vec(head).unwrap_or_default();
        Self {
            head,
            body: Bytes::new(),
        }
    }

    pub(super) fn error(name: &str, message: &str) -> Self {
        let message = &message[..message.floor_char_boundary(MAX_MESSAGE_BYTES)];
        Self::of(&json!({ "error": { "name": name, "message": message } }))
    }

    pub(super) fn failed(error: &FetchError) -> Self {
        Self::error(error.name, &error.message)
    }

    /// The head of a response whose body is read under this number.
    pub(super) fn response(response: &FetchResponse, stream: u32) -> Self {
        Self::of(&Head {
            status: response.status,
            status_text: &response.status_text,
            headers: &response.headers,
            url: &response.url,
            redirected: response.redirected,
            stream,
        })
    }
}

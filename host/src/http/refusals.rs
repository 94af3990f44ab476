//! Refusals that several calls have in common: what an error of another part means to a client.

use super::reply::Refusal;
use crate::admission::Wait;
use crate::store;
use engine::RunError;
use hyper::StatusCode;
use std::fmt::Display;

/// What an error of the store means to a client.
pub fn stored(error: store::Error) -> Refusal {
    match error {
        store::Error::NotFound => Refusal::new(StatusCode::NOT_FOUND, "There is no such thing"),
        store::Error::Exists => Refusal::new(StatusCode::CONFLICT, "It exists already"),
        store::Error::Changed => Refusal::new(StatusCode::CONFLICT, "It was changed by somebody else: get it again"),
        store::Error::Invalid(sentence) => Refusal::new(StatusCode::BAD_REQUEST, sentence),
        store::Error::Unavailable(problem) => {
            tracing::warn!("503: {problem}");
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The database is not available").try_again()
        }
        error => {
            tracing::error!("500: {error}");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "The host failed")
        }
    }
}

/// There is none, or none to be seen.
pub fn missing(key: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("There is no worker {key}"))
}

/// The host takes no more.
pub fn stopping() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The host is stopping").try_again()
}

/// No place is free.
pub fn busy() -> Refusal {
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too many executions are under way").try_again()
}

/// An execution that may begin, or that may not yet. `whose` names the caller or the worker.
pub fn admit(whose: impl Display, admitted: Result<(), Wait>) -> Result<(), Refusal> {
    admitted.map_err(|wait| match wait {
        Wait::TooMany(time) => {
            let message = format!("Too many executions of {whose} in a second");
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, message).try_again_in(time)
        }
        Wait::Pauses(time) => {
            let message = format!("The {whose} failed too often and is not executed for a while");
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message).try_again_in(time)
        }
    })
}

/// An execution that could not be tried.
pub fn untried(key: &str, id: &str, error: &RunError) -> Refusal {
    match error {
        RunError::Busy => busy(),
        RunError::Internal(error) => {
            tracing::error!(worker = key, execution = id, "cannot execute: {error}");
            Refusal::internal()
        }
    }
}

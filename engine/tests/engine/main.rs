//! The engine through its front door: a source or a module in, an execution out.

#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped here is a failed test")]

mod bench;
mod documents;
mod fixture;
mod foreign;
mod hostile;
mod javascript;
mod json;
mod json_in_javascript;
mod limits;
mod snapshot;

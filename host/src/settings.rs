//! What the operator asked for: read from flags, environment and file, checked once, then typed.
//!
//! A setting is one row of [`table::SETTINGS`]: the row is its flag, its environment variable and its key in
//! `host.toml`. [`sources::Sources`] finds the text of a setting and collects every mistake; [`commands`] is the one
//! conversion to what the commands of an operator take, [`author`] to what those of an author take, and [`remote`] to what
//! those take that ask a running server.

pub mod author;
pub mod cache;
pub mod commands;
pub mod quantity;
pub mod range;
pub mod remote;
pub mod sources;
pub mod table;
pub mod value;

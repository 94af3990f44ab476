//! The commands that ask a running server over its management API.
//!
//! [`commands`] has their names, [`takes`] their settings, and [`cli`] takes that apart. A command finds its [`place`] (the
//! address, perhaps kept by [`login`] in the file of [`logins`]), asks through the one [`client`], and what is not answered
//! with success becomes a sentence in [`refused`]. The other files are a subject of the API each.

pub mod cli;
pub mod client;
pub mod commands;
pub mod deploy;
pub mod entry;
pub mod events;
pub mod execute;
pub mod history;
pub mod login;
pub mod logins;
pub mod logs;
pub mod place;
pub mod project;
pub mod prompt;
pub mod refused;
pub mod replay;
pub mod secrets;
pub mod shown;
pub mod takes;
pub mod versions;
pub mod workers;

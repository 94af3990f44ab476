//! The commands of an author, none of which talks to a server: make a worker, serve it while it is written, check it, test
//! it, look into it.
//!
//! A *project* is the folder of one worker ([`project`]); a *template* is what a new one is made of ([`template`]); a
//! *case* is a payload with what is expected of it ([`cases`]), and a *suite* a file of the worker's own tests, which run
//! in the sandbox too ([`suite`]).

pub mod cases;
pub mod check;
pub mod cli;
pub mod compare;
pub mod dev;
pub mod diff;
pub mod doctor;
pub mod init;
pub mod inspect;
pub mod json;
pub mod junit;
pub mod modules;
pub mod paint;
pub mod project;
pub mod report;
pub mod round;
pub mod suite;
pub mod template;
pub mod test;
pub mod tsc;
pub mod types;
pub mod update;
pub mod watch;

//! The engine through its front door: a source or a module in, an execution out.

mod bench;
mod fixture;
mod foreign;
mod javascript;
mod limits;
mod snapshot;

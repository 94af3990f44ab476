//! The HTTP API, in the order a request takes: [`route`], [`execute`] with its [`body`] or
//! [`manage`], and the [`reply`].

pub mod body;
pub mod events;
pub mod execute;
pub mod manage;
pub mod query;
pub mod refusals;
pub mod reply;
pub mod route;
pub mod service;

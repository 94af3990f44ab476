//! The HTTP API, in the order a request takes: [`route`], then [`execute`] or [`endpoint`], which both are
//! an [`execution`] with its [`body`], or [`manage`], and the [`reply`].

pub mod body;
pub mod endpoint;
pub mod events;
pub mod execute;
pub mod execution;
pub mod manage;
pub mod query;
pub mod refusals;
pub mod reply;
pub mod route;
pub mod service;

//! The HTTP API, in the order a request takes: [`route`], [`auth`], [`execute`] with its [`body`], and the [`reply`].

pub mod auth;
pub mod body;
pub mod execute;
pub mod reply;
pub mod route;
pub mod service;

//! The real binary in fresh folders, driven as a person or a client would.

#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped here is a failed test")]

#[path = "host/admission.rs"]
mod admission;
#[path = "host/api.rs"]
mod api;
#[path = "host/bodies.rs"]
mod bodies;
#[path = "host/build.rs"]
mod build;
#[path = "host/client.rs"]
mod client;
#[path = "host/connections.rs"]
mod connections;
#[path = "host/endpoint.rs"]
mod endpoint;
#[path = "host/execute.rs"]
mod execute;
#[path = "host/followers.rs"]
mod followers;
#[path = "host/identity.rs"]
mod identity;
#[path = "host/imports.rs"]
mod imports;
#[path = "host/issuer.rs"]
mod issuer;
#[path = "host/lifecycle.rs"]
mod lifecycle;
#[path = "host/manage.rs"]
mod manage;
#[path = "host/network.rs"]
mod network;
#[path = "host/outside.rs"]
mod outside;
#[path = "host/program.rs"]
mod program;
#[path = "host/registry.rs"]
mod registry;
#[path = "host/replay.rs"]
mod replay;
#[path = "host/roles.rs"]
mod roles;
#[path = "host/run.rs"]
mod run;
#[path = "host/samples.rs"]
mod samples;
#[path = "host/schedule.rs"]
mod schedule;
#[path = "host/server.rs"]
mod server;
#[path = "host/settings.rs"]
mod settings;
#[path = "host/store.rs"]
mod store;
#[path = "host/tls.rs"]
mod tls;
#[path = "host/upstream.rs"]
mod upstream;

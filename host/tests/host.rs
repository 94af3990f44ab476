//! The real binary in fresh folders, driven as a person or a client would.

#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped here is a failed test")]

#[path = "host/admission.rs"]
mod admission;
#[path = "host/api.rs"]
mod api;
#[path = "host/author.rs"]
mod author;
#[path = "host/bodies.rs"]
mod bodies;
#[path = "host/book.rs"]
mod book;
#[path = "host/build.rs"]
mod build;
#[path = "host/client.rs"]
mod client;
#[path = "host/compiler.rs"]
mod compiler;
#[path = "host/connections.rs"]
mod connections;
#[path = "host/documents.rs"]
mod documents;
#[path = "host/endpoint.rs"]
mod endpoint;
#[path = "host/execute.rs"]
mod execute;
#[path = "host/faults.rs"]
mod faults;
#[path = "host/followers.rs"]
mod followers;
#[path = "host/hostile.rs"]
mod hostile;
#[path = "host/identity.rs"]
mod identity;
#[path = "host/imports.rs"]
mod imports;
#[path = "host/interleavings.rs"]
mod interleavings;
#[path = "host/issuer.rs"]
mod issuer;
#[path = "../../engine/tests/engine/json.rs"]
mod json;
#[path = "host/lifecycle.rs"]
mod lifecycle;
#[path = "host/limits.rs"]
mod limits;
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
#[path = "host/remote.rs"]
mod remote;
#[path = "host/remote_errors.rs"]
mod remote_errors;
#[path = "host/remote_executions.rs"]
mod remote_executions;
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
#[path = "host/security.rs"]
mod security;
#[path = "host/server.rs"]
mod server;
#[path = "host/settings.rs"]
mod settings;
#[path = "host/store.rs"]
mod store;
#[path = "host/tls.rs"]
mod tls;
#[path = "host/transcripts.rs"]
mod transcripts;
#[path = "host/upstream.rs"]
mod upstream;

//! Runs workers behind an HTTP execute endpoint, and locally.
//!
//! ```sh
//! host run worker.ts --payload '{"foo":"bar"}'      # build it, run it once, print what it returns
//! host serve --workers workers                      # the same for every request of POST /worker/api/v1/execute/{key}
//! host init greeter && host test greeter            # make one, and run its cases and its tests in the sandbox
//! ```
//!
//! Three concepts: a *setting* is a flag, an environment variable and a key of `host.toml` at once ([`settings`]);
//! an *answer* is an execution as JSON, the same on the command line and over HTTP ([`answer`]); a *refusal* is what
//! a client gets when its request was not executed ([`http::reply`]). The files are listed in ARCHITECTURE.md.

pub mod admission;
pub mod answer;
pub mod api;
pub mod author;
pub mod build;
pub mod cli;
pub mod compiler;
pub mod confine;
pub mod console;
pub mod context;
pub mod data;
pub mod excerpt;
pub mod followers;
pub mod http;
pub mod identity;
pub mod issued;
pub mod issuer;
pub mod kept;
pub mod limits;
pub mod machine;
pub mod manifest;
pub mod network;
pub mod perform;
pub mod places;
pub mod record;
pub mod registry;
pub mod remote;
pub mod run;
pub mod running;
pub mod schedule;
pub mod serve;
pub mod server;
pub mod settings;
pub mod source;
pub mod status;
pub mod store;
pub mod suggest;
pub mod tls;
pub mod together;
pub mod tokens;
pub mod workers;

//! Workers in Rust: a function from a payload to a value, run in a fresh WebAssembly sandbox for every request.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use worker::Context;
//!
//! #[derive(Deserialize)]
//! struct Order {
//!     quantity: u32,
//! }
//!
//! #[derive(Serialize)]
//! struct Priced {
//!     cents: u32,
//! }
//!
//! fn handle(context: Context, order: Order) -> worker::Result<Priced> {
//!     let unit: u32 = context.property("unitCents")?.parse()?;
//!     worker::info!("{} pieces at {unit}", order.quantity);
//!     Ok(Priced { cents: order.quantity * unit })
//! }
//!
//! worker::main!(handle);
//! ```
//!
//! The three things to know: the handler given to [`main!`], its [`Context`], and the [`testing::Mock`] that stands in for
//! the host when `cargo test` runs the handler natively.
//!
//! stdout belongs to the returned value: use [`info!`] and its siblings, not `println!`. Execution facts are in the
//! environment, such as `WORKER_KEY` and `EXECUTION_ID` behind HTTP.
//!
//! A worker that asks nothing of the host imports nothing but WASI, so it runs in any WASI runtime as well.

mod context;
mod error;
mod failure;
#[doc(hidden)]
pub mod handler;
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "imports are foreign functions")]
mod host;
mod log;
mod operation;
mod pending;
mod random;
mod request;
mod response;
mod state;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use context::Context;
pub use error::{Error, Result};
pub use log::{Level, log};
pub use pending::{Pending, join, join_all};
pub use random::random;
pub use request::{Redirect, Request};
pub use response::Response;
pub use state::State;

/// Makes a program of a handler: `fn(Context, T) -> R`, or `-> Result<R, E>`.
///
/// `T` is read from the payload, and owns what it has (`String`, not `&str`); `R` is written as the returned value.
/// Without a payload `T` must be something that JSON's `null` can be read as, such as `()` or an `Option`; a handler that
/// gives `()` returns nothing. An `E` is anything that `?` can make a `Box<dyn Error>` of; its name, message and sources
/// are what the caller is told. A panic is told, too.
///
/// ```
/// worker::main!(|_: worker::Context, name: Option<String>| format!("Hello, {}", name.as_deref().unwrap_or("you")));
/// ```
#[macro_export]
macro_rules! main {
    ($handler:expr) => {
        fn main() {
            #[allow(unused_imports, reason = "what a handler gives says which one")]
            use $crate::handler::{Fallible as _, Plain as _};
            $crate::handler::run(|context, payload| $crate::handler::call($handler, context, payload)?.end())
        }
    };
}

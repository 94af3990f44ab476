//! What a parent and its child tell each other, as [`frames`](crate::frames).
//!
//! Parent: a number, so many pairs of a name and a thing of the cache; then a [`Job`] as JSON, and its body.
//! Child: an [`Answer`] as JSON, and its body.

use crate::execution::Thrown;
use crate::{Diagnostic, Texts};
use serde::{Deserialize, Serialize};

/// What is to be done with the body.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Job {
    /// The body is a source: build it.
    Build {
        name: String,
        standalone: bool,
        modules: Texts,
    },
    /// The body is a module: compile it for this machine.
    Compile,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The body is the module. It follows from the text of the source `alone` if that imports nothing.
    Built { alone: bool },
    /// The body is the compiled module.
    Compiled,
    /// The source is faulty.
    Source(Vec<Diagnostic>),
    /// The top level threw.
    Thrown(Thrown),
    /// The top level, or the module, cannot be; the sentence says why.
    Limit(String),
    /// We failed.
    Internal(String),
}

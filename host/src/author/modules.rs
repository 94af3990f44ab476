//! The modules that a file of tests can import in the sandbox: those of Node.js for tests, and the mock context of the package
//! for authors. They are JavaScript in `host/testing` and `guest-sdk/js/testing`.

use engine::Texts;

/// What imports the file of tests and runs what that declares.
pub const RUN: &str = "host:test/run";

macro_rules! ours {
    ($file:literal) => {
        include_str!(concat!("../../testing/", $file))
    };
}

macro_rules! package {
    ($file:literal) => {
        include_str!(concat!("../../../guest-sdk/js/", $file))
    };
}

/// Each with the name it is imported by.
const MODULES: &[(&str, &str)] = &[
    ("node:test", ours!("test.js")),
    ("node:assert", ours!("assert.js")),
    ("node:assert/strict", ours!("strict.js")),
    // Without `node:`, as Node.js has these two as well.
    ("assert", ours!("assert.js")),
    ("assert/strict", ours!("strict.js")),
    ("node:util/types", ours!("mock/types.cjs")),
    ("jfrog-workers/testing", package!("testing.js")),
    ("jfrog-workers/testing/index.cjs", package!("testing/index.cjs")),
    ("jfrog-workers/testing/answer.cjs", package!("testing/answer.cjs")),
    (
        "jfrog-workers/testing/platform-http.cjs",
        package!("testing/platform-http.cjs"),
    ),
    ("jfrog-workers/testing/state.cjs", package!("testing/state.cjs")),
    // These ask Node.js for what the runtime has of its own.
    ("jfrog-workers/testing/axios.cjs", ours!("mock/axios.cjs")),
    ("jfrog-workers/testing/crypto.cjs", ours!("mock/crypto.cjs")),
    (
        "jfrog-workers/testing/http-response.cjs",
        ours!("mock/http-response.cjs"),
    ),
    ("host:test/assertion-error", ours!("assertion-error.js")),
    ("host:test/context", ours!("context.js")),
    ("host:test/diff", ours!("diff.js")),
    ("host:test/equal", ours!("equal.js")),
    ("host:test/mock", ours!("mock.js")),
    ("host:test/registry", ours!("registry.js")),
    (RUN, ours!("run.js")),
    ("host:test/show", ours!("show.js")),
];

/// All of them, for a build.
pub fn modules() -> Texts {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    MODULES.iter().map(owned).collect()
}

/// Whether a file that a stack names is one of them.
pub fn is_ours(file: &str) -> bool {
    MODULES.iter().any(|(name, _)| *name == file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn what_they_import_is_there() {
        let names: HashSet<_> = MODULES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), MODULES.len());
        for (name, text) in MODULES {
            for (at, _) in text.match_indices("from \"").chain(text.match_indices("require(\"")) {
                let specifier = text[at..].split('"').nth(1).unwrap();
                let specifier = match specifier.strip_prefix("./") {
                    Some(file) => {
                        let folder = name.rsplit_once('/').unwrap().0;
                        format!("{folder}/{file}")
                    }
                    None => specifier.to_owned(),
                };
                assert!(names.contains(specifier.as_str()), "{name}: {specifier}");
            }
        }
    }
}

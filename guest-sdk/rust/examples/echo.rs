//! Gives back what it was sent. It asks nothing of the host, so any WASI runtime can run it: `.ci/languages` looks.

worker::main!(|_context: worker::Context, data: Option<serde_json::Value>| data);

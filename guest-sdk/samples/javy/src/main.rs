//! What `javy build` makes of worker.js, for whoever has no such command: QuickJS with Javy's functions, and the script.

use javy::{Config, Runtime, from_js_error};

fn main() -> anyhow::Result<()> {
    let mut config = Config::default();
    // stdout is the value's; console.log goes to the log.
    config.javy_stream_io(true).text_encoding(true).redirect_stdout_to_stderr(true);
    let runtime = Runtime::new(config)?;
    runtime.context().with(|context| {
        context
            .eval::<(), _>(include_str!("../worker.js"))
            .map_err(|error| from_js_error(context.clone(), error))
    })?;
    runtime.resolve_pending_jobs()
}

//! The step before all others, in build.sh: the prelude's source becomes bytecode.

use crate::failure::RUNTIME_FILE;
use crate::{prelude, stdio};
use javy::quickjs::Module;
use javy::quickjs::module::WriteOptions;

/// Reads the source of an expression from stdin and writes the bytecode of a module that exports it to stdout.
#[unsafe(export_name = "compile")]
extern "C" fn compile() {
    let mut source = b"export default ".to_vec();
    source.extend(stdio::read_input());
    let runtime = prelude::runtime().expect("a runtime");
    runtime.context().with(|ctx| {
        let options = WriteOptions {
            strip_source: true,
            ..WriteOptions::default()
        };
        let bytecode = Module::declare(ctx.clone(), RUNTIME_FILE, source).and_then(|module| module.write(options));
        let bytecode = bytecode
            .map_err(|error| javy::from_js_error(ctx.clone(), error))
            .expect("a valid prelude");
        stdio::write_output(&bytecode);
    });
}

//! The command: it only picks the exit code, and the allocator.

use std::ffi::c_int;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h, for which the crate has no name.
const PURGE_DELAY: c_int = 15;

fn main() -> ExitCode {
    // What is freed goes back to the system at once: a server that compiled its runtime has 90 MB then, and 230 otherwise.
    // A command that ends in milliseconds would only get the same pages again, and wait for their zeros.
    if std::env::args_os().nth(1).is_none_or(|command| command != "run") {
        // SAFETY: any number may be set, at any time.
        #[expect(unsafe_code, reason = "the allocator is a library in C")]
        unsafe {
            libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
        }
    }
    host::cli::run(std::env::args_os())
}

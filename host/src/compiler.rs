//! The child processes in which the server builds sources and compiles modules: what one may use, and its command.

use crate::confine;
use engine::Compiler;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The command that a child is started with. Nobody else calls it.
pub const COMMAND: &str = "compile-for-parent";

/// What one build, or the compilation of one module, may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Time on a CPU, in whole seconds.
    pub cpu: Duration,
    /// Memory, in bytes.
    pub memory_bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(10),
            memory_bytes: 512 << 20,
        }
    }
}

/// Children of this program itself: whatever file it was started from, even if that has been replaced since. They have
/// their limits in any case; files, network and system calls are taken from them if they are `confined`.
pub fn children(allowance: Allowance, confined: bool) -> Compiler {
    let Allowance { cpu, memory_bytes } = allowance;
    let [seconds, bytes] = [cpu.as_secs().to_string(), memory_bytes.to_string()];
    Compiler {
        program: "/proc/self/exe".into(),
        arguments: [COMMAND, &seconds, &bytes, &confined.to_string()]
            .map(Into::into)
            .into(),
        cpu,
        memory_bytes,
    }
}

/// Is such a child: does one job of its parent, in `folder` if the worker has one.
pub fn run(cpu_seconds: u64, memory_bytes: usize, confined: bool, folder: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let watch = confine::limit(cpu_seconds, memory_bytes)?;
    if confined {
        confine::compiler(folder.as_deref())?;
    }
    watch.start()?;
    engine::compile_for_parent(folder)?;
    // At once: there is nothing left to clean up, and the parent waits for the end.
    std::process::exit(0)
}

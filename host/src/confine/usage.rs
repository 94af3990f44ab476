//! Time and memory of a child that compiles.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Address space for stacks beside what is used: the compiler of TypeScript reserves one for the deepest nesting that a
/// source can have, and touches little of it.
const RESERVED_BYTES: u64 = 5 << 30;

/// How often memory is looked at. A core can fill some 10 MB in that time.
const LOOK: Duration = Duration::from_millis(5);

/// Open files: its pipes, and those of a bundle.
const FILES: u64 = 256;

/// Sets the limits of this process. Its memory is to be watched when it has given up everything else.
pub(super) fn limit(cpu_seconds: u64, memory_bytes: usize) -> anyhow::Result<Watch> {
    let memory = memory_bytes as u64;
    let cpu = Rlimit {
        // Told by a signal of its own; one second later it would be killed like by anybody.
        current: Some(cpu_seconds.max(1)),
        maximum: Some(cpu_seconds.max(1) + 1),
    };
    setrlimit(Resource::Cpu, cpu)?;
    let limits = [
        // The bound that nothing escapes; the watch below is the exact one.
        (Resource::Data, memory.saturating_add(RESERVED_BYTES)),
        // It can open no file to write, but an image in memory is one.
        (Resource::Fsize, memory),
        (Resource::Nofile, FILES),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    Ok(Watch {
        most: memory_bytes,
        statm: File::open("/proc/self/statm")?,
    })
}

/// Ends this process with [`engine::OUT_OF_MEMORY`] when it uses more memory than it may.
pub struct Watch {
    most: usize,
    /// Opened as long as files can be.
    statm: File,
}

impl Watch {
    /// Looks again and again, on a thread that nothing can hold up.
    pub fn start(self) -> std::io::Result<()> {
        let page = rustix::param::page_size();
        let watch = move || {
            let mut text = [0; 128];
            loop {
                let read = self.statm.read_at(&mut text, 0).unwrap_or(0);
                if resident(&text[..read]).is_none_or(|pages| pages.saturating_mul(page) > self.most) {
                    std::process::exit(engine::OUT_OF_MEMORY);
                }
                std::thread::sleep(LOOK);
            }
        };
        std::thread::Builder::new().name("watch".into()).spawn(watch)?;
        Ok(())
    }
}

/// The second number of `statm`: pages in memory.
fn resident(statm: &[u8]) -> Option<usize> {
    str::from_utf8(statm).ok()?.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn resident_pages_are_the_second_number() {
        assert_eq!(super::resident(b"1500 320 80 4 0 99 0\n"), Some(320));
        assert_eq!(super::resident(b""), None);
    }
}

//! A worker's file: read with its limits checked, and made into something that runs.

use engine::{BuildError, Engine, LoadError, MAX_SOURCE_CHARS, Texts, Worker};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Extensions of sources.
pub const SCRIPTS: &[&str] = &["ts", "js", "mts", "mjs"];

/// Extensions of everything that can be run.
pub const ALL: &[&str] = &["wasm", "ts", "js", "mts", "mjs"];

/// What tells the folder of a worker.
const MARKS: &[&str] = &["manifest.json", "package.json", "tsconfig.json", "node_modules"];

/// A module larger than this is refused: its code alone would take minutes to compile.
pub const MAX_MODULE_BYTES: usize = 64 << 20;

/// What a file holds.
pub enum Code {
    /// A WebAssembly module.
    Module(Vec<u8>),
    /// TypeScript or JavaScript.
    Source(engine::Source),
}

/// Why a worker's file does not become a worker.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file cannot be used; the sentence says why.
    #[error("{0}")]
    File(String),
    /// The source does not build.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The module cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Whether the file's extension is one of these.
pub fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension()
        .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
}

/// The folder of the worker that `file` is the source of, and the file's name in it: the nearest folder that looks like
/// one, else the file's own.
pub fn place(file: &Path) -> (PathBuf, String) {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let own = absolute.parent().unwrap_or(Path::new("/"));
    let marked = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).exists());
    let folder = own.ancestors().find(marked).unwrap_or(own);
    let name = absolute.strip_prefix(folder).unwrap_or(&absolute).to_string_lossy();
    (folder.to_owned(), name.into_owned())
}

/// Reads a file of the worker in `folder`. `name` is what errors and stacks call it, its path in the folder; it goes into
/// the module, so it must not name the machine.
pub fn read(file: &Path, name: &str, folder: &Path) -> Result<Code, Fault> {
    let module = has_extension(file, &["wasm"]);
    // Four bytes are the most that one character takes.
    let most = if module { MAX_MODULE_BYTES } else { MAX_SOURCE_CHARS * 4 };
    let bytes = read_at_most(file, most)?;
    if module {
        return Ok(Code::Module(bytes));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1;
        Fault::File(format!("{name}:{line}: the source is not valid UTF-8"))
    })?;
    let chars = text.chars().count();
    if chars > MAX_SOURCE_CHARS {
        let problem = format!("the source has {chars} characters, more than the {MAX_SOURCE_CHARS} allowed");
        return Err(Fault::File(format!("{name}: {problem}")));
    }
    Ok(Code::Source(engine::Source {
        name: name.into(),
        text,
        folder: Some(folder.into()),
        modules: Texts::new(),
    }))
}

fn read_at_most(file: &Path, most: usize) -> Result<Vec<u8>, Fault> {
    let fault = |problem: &dyn std::fmt::Display| Fault::File(format!("{}: {problem}", file.display()));
    // Reading from a named pipe or a device might never end.
    let found = std::fs::metadata(file).map_err(|error| fault(&error))?;
    if !found.is_file() {
        return Err(fault(&"is not a file"));
    }
    // All at once, and one byte more, which shows that it has not grown meanwhile.
    let expected = usize::try_from(found.len()).unwrap_or(usize::MAX).min(most);
    let mut bytes = Vec::with_capacity(expected + 1);
    let opened = File::open(file).map_err(|error| fault(&error))?;
    opened
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fault(&error))?;
    if bytes.len() > most {
        return Err(fault(&format!("is larger than the {most} bytes allowed")));
    }
    Ok(bytes)
}

/// Makes a worker of what a file holds. The first time on a machine this takes seconds.
pub async fn load(engine: &Engine, code: Code) -> Result<Worker, Fault> {
    match code {
        Code::Module(bytes) => Ok(engine.load(&bytes)?),
        Code::Source(source) => Ok(engine.make(&source).await?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str, bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        read(&file, name, folder.path()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn source_obeyed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ts");
        // Characters of four bytes, all of them.
        std::fs::write(&file, "\u{1f600}".repeat(MAX_SOURCE_CHARS)).unwrap();
        assert!(matches!(read(&file, "a.ts", folder.path()), Ok(Code::Source(_))));
    }

    #[test]
    fn source_violated() {
        assert_eq!(fault("a.ts", b"x\n\xff"), "a.ts:2: the source is not valid UTF-8");
        let long = "\u{e9}".repeat(MAX_SOURCE_CHARS + 1);
        assert!(fault("a.ts", long.as_bytes()).contains("has 100001 characters, more than the 100000"));
        assert!(fault("a.ts", long.repeat(3).as_bytes()).contains("is larger than the 400000 bytes allowed"));
    }

    #[test]
    fn the_folder_of_a_worker_is_the_nearest_that_looks_like_one() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("project/src/deep");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(folder.path().join("project/package.json"), "{}").unwrap();
        std::fs::write(folder.path().join("package.json"), "{}").unwrap();
        let (found, name) = place(&inner.join("worker.ts"));
        assert_eq!(
            (found, name.as_str()),
            (folder.path().join("project"), "src/deep/worker.ts")
        );
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let error = read(Path::new("/dev/zero"), "zero.ts", Path::new("/"))
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert_eq!(error, "/dev/zero: is not a file");
    }
}

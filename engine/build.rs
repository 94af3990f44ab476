//! Names the sources that workers are built by, so that what an older build of this crate kept is not taken for its own.

use std::path::Path;

/// FNV-1a, of 64 bits: no crate, and no secret.
fn add(hash: &mut u64, bytes: &[u8]) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

fn add_all(hash: &mut u64, folder: &Path) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        match entry.file_type()?.is_dir() {
            true => add_all(hash, &entry.path())?,
            false => add(hash, &std::fs::read(entry.path())?),
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    add_all(&mut hash, Path::new("src"))?;
    // The versions of what parses and bundles; a package taken from a registry has no such file.
    let lock = Path::new("../Cargo.lock");
    add(&mut hash, &std::fs::read(lock).unwrap_or_default());
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rustc-env=BUILT_BY={hash:016x}");
    Ok(())
}

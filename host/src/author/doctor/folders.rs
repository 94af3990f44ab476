//! The folders of a host: whether it can write in them, and what is there.

use super::Finding;
use crate::settings::cache::Cache;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(super) fn cache(cache: &Cache) -> Finding {
    const WHAT: &str = "cache";
    let place = cache.folder.display().to_string();
    let made = fs::create_dir_all(&cache.folder).and_then(|()| write_in(&cache.folder));
    if let Err(error) = made {
        return Finding::failure(
            WHAT,
            format!("{place}: {error}"),
            "name a folder that can be written with --cache; without one nothing runs",
        );
    }
    let files = fs::read_dir(&cache.folder).into_iter().flatten().flatten();
    let sizes: Vec<u64> = files.filter_map(|file| Some(file.metadata().ok()?.len())).collect();
    let bytes: u64 = sizes.iter().sum();
    Finding::fine(
        WHAT,
        format!(
            "{place}: {} MB in {} files, of {} MB",
            bytes / 1_000_000,
            sizes.len(),
            cache.max_bytes / 1_000_000
        ),
    )
}

pub(super) fn data(folder: &Path) -> Finding {
    const WHAT: &str = "data";
    let place = folder.display().to_string();
    let found = match fs::metadata(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let above = folder
                .ancestors()
                .skip(1)
                .find(|above| above.as_os_str().is_empty() || above.exists());
            let above = above
                .filter(|above| !above.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            return match write_in(above) {
                Ok(()) => Finding::fine(WHAT, format!("{place}: not there yet; `host serve` makes it")),
                Err(error) => Finding::failure(
                    WHAT,
                    format!("{place}: cannot be made: {error}"),
                    "name a folder that can be written with --data",
                ),
            };
        }
        Err(error) => return Finding::failure(WHAT, format!("{place}: {error}"), "name another folder with --data"),
    };
    if let Err(error) = write_in(folder) {
        return Finding::failure(
            WHAT,
            format!("{place}: {error}"),
            "let the user that the host runs as write there, or name another folder with --data",
        );
    }
    // Whoever reads it has the master key.
    let open: Vec<String> = ["master-key", "admin-token"]
        .iter()
        .map(|name| folder.join(name))
        .filter(|file| fs::metadata(file).is_ok_and(|found| found.mode() & 0o077 != 0))
        .map(|file| file.display().to_string())
        .collect();
    if !open.is_empty() {
        return Finding::failure(
            WHAT,
            format!("{}: can be read by others", open.join(", ")),
            format!("chmod 600 {}", open.join(" ")),
        );
    }
    match found.mode() & 0o077 {
        0 => Finding::fine(WHAT, place),
        mode => Finding::warning(
            WHAT,
            format!("{place}: open to others (mode {mode:03o})"),
            format!("chmod 700 {place}"),
        ),
    }
}

/// Writes a file and takes it away again.
fn write_in(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(format!(".doctor.{}", std::process::id()));
    fs::write(&file, b"x")?;
    fs::remove_file(&file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::doctor::State;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("data");
        let state = || data(&folder).state;
        assert!(matches!(state(), State::Fine) && !folder.exists());
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(state(), State::Warning(advice) if advice.starts_with("chmod 700")));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(matches!(state(), State::Fine));
        fs::write(folder.join("master-key"), "x").unwrap();
        fs::set_permissions(folder.join("master-key"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(state(), State::Failure(advice) if advice.starts_with("chmod 600")));
        assert_eq!(folder.read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_a_failure() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("file"), "").unwrap();
        let at = |name: &str| {
            cache(&Cache {
                folder: scratch.path().join(name),
                max_bytes: 5_000_000,
            })
        };
        assert!(matches!(at("file/cache").state, State::Failure(_)));
        let fine = at("cache");
        assert!(
            matches!(fine.state, State::Fine) && fine.found.ends_with("0 MB in 0 files, of 5 MB"),
            "{}",
            fine.found
        );
    }
}

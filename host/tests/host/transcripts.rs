//! Transcripts of a shell: what is typed, what is printed, and the exit code where it is not 0. They are files of
//! `tests/transcripts`; `SNAPSHOTS=overwrite` writes anew what is printed now.

use super::program::{CACHE, Folder};
use snapbox::{Assert, Data, RedactedValue, Redactions};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Ends what a command prints.
const END: &str = "--the-end-of-it--";

#[test]
fn the_day_of_an_author() {
    replay("day.txt");
}

#[test]
fn a_server_and_its_workers() {
    replay("server.txt");
}

#[test]
fn a_project_of_the_jf_command_line() {
    replay("jf.txt");
}

#[test]
fn mistakes() {
    replay("mistakes.txt");
}

#[test]
fn modules_and_machines() {
    replay("modules.txt");
}

/// Types the commands of a transcript into one shell, in a fresh folder, and compares all that happens with it.
fn replay(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/transcripts")
        .join(name);
    let expected = std::fs::read_to_string(&file).unwrap();
    let folder = Folder::new(&[]);
    let path = Path::new(env!("CARGO_BIN_EXE_host")).parent().unwrap().to_owned();
    // What waits for something that never comes is ended, and told.
    let mut shell = Command::new("timeout");
    shell
        .args(["120", "bash", "--noprofile", "--norc"])
        .current_dir(folder.path("."))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", path.display()))
        .env("HOME", folder.path("."))
        .env("HOST_CACHE", &*CACHE)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    let (mut typed, printed) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
    let mut printed = BufReader::new(printed);
    writeln!(typed, "exec 2>&1").unwrap();
    let mut actual = String::new();
    for command in commands(&expected) {
        // What is kept between commands is the shell's; what they read is not what is typed next.
        writeln!(typed, "{{ {command}\n}} < /dev/null; printf '\\n{END}%s\\n' $?").unwrap();
        for line in command.lines().enumerate() {
            let prompt = if line.0 == 0 { "$" } else { ">" };
            actual.push_str(format!("{prompt} {}", line.1).trim_end());
            actual.push('\n');
        }
        let mut text = String::new();
        let code = loop {
            let mut line = String::new();
            assert!(
                printed.read_line(&mut line).unwrap() > 0,
                "{name}: the shell ended in {command}: {text}"
            );
            match line.trim_end().strip_prefix(END) {
                Some(code) => break code.to_owned(),
                None => text.push_str(&line),
            }
        };
        actual.push_str(text.strip_suffix('\n').unwrap_or(&text));
        if code != "0" {
            let _ = writeln!(actual, "? {code}");
        }
        actual.push('\n');
    }
    drop(typed);
    assert!(shell.wait().unwrap().success(), "{name}");
    let actual = actual.trim_end().to_owned() + "\n";
    Assert::new()
        .action_env("SNAPSHOTS")
        .redact_with(redactions())
        .eq(actual, Data::read_from(&file, None));
}

/// A command begins with `$ ` and goes on in lines that begin with `> `.
fn commands(transcript: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in transcript.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            commands.push(command.to_owned());
            goes_on = true;
        } else if let (true, Some(more), Some(command)) = (goes_on, line.strip_prefix('>'), commands.last_mut()) {
            command.push('\n');
            command.push_str(more.strip_prefix(' ').unwrap_or(more));
        } else {
            goes_on = false;
        }
    }
    assert!(!commands.is_empty());
    commands
}

/// What differs from run to run.
fn redactions() -> Redactions {
    let mut redactions = Redactions::new();
    for (name, pattern) in [
        ("[ID]", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ("[TIME]", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
        ("[ADDRESS]", r"127\.0\.0\.1:\d+"),
        ("[TOOK]", r"(?<redacted>\d+(\.\d+)? ?(ns|µs|ms|s) *)([^a-z]|$)"),
        ("[TOKEN]", r"\b[0-9a-f]{16}\b"),
        ("[FUEL]", r"\d+ fuel"),
        ("[SIZE]", r"\d+ KiB"),
    ] {
        let pattern = regex::Regex::new(pattern).unwrap();
        redactions.insert(name, RedactedValue::from(pattern)).unwrap();
    }
    redactions
}

//! A worker in plain Rust: a JSON string on stdin, how many words it has on stdout.

use std::io::{Read, Write};

fn main() {
    let mut payload = String::new();
    std::io::stdin().read_to_string(&mut payload).expect("stdin is readable");
    if payload.is_empty() {
        eprintln!("<3>there is nothing to count");
        std::process::exit(3);
    }
    let words = payload.trim_matches('"').split_whitespace().count();
    eprintln!("<7>counted for {}", std::env::var("WORKER_KEY").unwrap_or_default());
    write!(std::io::stdout(), "{{\"words\":{words}}}").expect("stdout is writable");
}

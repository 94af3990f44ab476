//! Lines of the log: on stderr, each with its level as in sd-daemon(3).

use std::fmt;

/// Severity of what is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error = 3,
    /// Something may be wrong.
    Warn = 4,
    /// What happened.
    Info = 6,
    /// For whoever looks for a fault.
    Debug = 7,
}

/// Logs a message of any number of lines; the macros [`info!`](crate::info) and its siblings call this.
pub fn log(level: Level, message: fmt::Arguments<'_>) {
    let message = message.to_string();
    #[cfg(target_family = "wasm")]
    // What the host no longer takes is lost, and the host says so in the log.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), lines(level, &message).as_bytes());
    #[cfg(not(target_family = "wasm"))]
    {
        // As the test harness catches it.
        eprint!("{}", lines(level, &message));
        crate::testing::note(level, message);
    }
}

/// Every line gets the prefix, so that a line of the text cannot pose as one of another level.
fn lines(level: Level, message: &str) -> String {
    let mut lines = String::with_capacity(message.len() + 8);
    for line in message.split('\n') {
        lines.extend([
            "<",
            ["0", "1", "2", "3", "4", "5", "6", "7"][level as usize],
            ">",
            line,
            "\n",
        ]);
    }
    lines
}

/// Logs an error, with the arguments of `format!`.
#[macro_export]
macro_rules! error {
    ($($message:tt)+) => { $crate::log($crate::Level::Error, format_args!($($message)+)) };
}

/// Logs a warning, with the arguments of `format!`.
#[macro_export]
macro_rules! warn {
    ($($message:tt)+) => { $crate::log($crate::Level::Warn, format_args!($($message)+)) };
}

/// Logs what happened, with the arguments of `format!`.
#[macro_export]
macro_rules! info {
    ($($message:tt)+) => { $crate::log($crate::Level::Info, format_args!($($message)+)) };
}

/// Logs a detail, with the arguments of `format!`.
#[macro_export]
macro_rules! debug {
    ($($message:tt)+) => { $crate::log($crate::Level::Debug, format_args!($($message)+)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_level() {
        assert_eq!(lines(Level::Warn, "a\n<3>b\n"), "<4>a\n<4><3>b\n<4>\n");
        for (level, digit) in [(Level::Error, 3), (Level::Info, 6), (Level::Debug, 7)] {
            assert_eq!(lines(level, ""), format!("<{digit}>\n"));
        }
    }
}

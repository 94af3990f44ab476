//! The table of settings: one row is a flag, an environment variable and a key of `host.toml`.

/// One of the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `host build`
    Build,
    /// `host run`
    Run,
    /// `host serve`
    Serve,
    /// `host token` and `host rotate-key`, beside a server
    Beside,
    /// Those that ask a running server; some of them take settings of other commands as well.
    Remote,
    /// `host check`
    Check,
    /// `host test`
    Test,
    /// `host dev`, beside what [`Command::Test`] has
    Dev,
    /// `host doctor`
    Doctor,
}

/// One row.
pub struct Setting {
    /// The long flag, and the key in `host.toml` (where `_` may stand for `-`).
    pub name: &'static str,
    /// The short flag, if it has one.
    pub short: Option<char>,
    /// What its value is called in the help; nothing for a switch.
    pub value: &'static str,
    /// Whether it can be given several times.
    pub repeats: bool,
    /// One line of help.
    pub help: &'static str,
    /// The commands that take it.
    pub commands: &'static [Command],
}

impl Setting {
    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("HOST_{}", self.name.to_uppercase().replace('-', "_"))
    }
}

use Command::{Beside, Build, Check, Dev, Doctor, Remote, Run, Serve, Test};

/// Every setting. The defaults named here are set in [`super::commands`].
pub const SETTINGS: &[Setting] = &[
    row(
        "config",
        "FILE",
        "Settings file [default: host.toml, if there is one]",
        &[Build, Run, Serve, Beside, Check, Test, Doctor, Remote],
    ),
    row(
        "cache",
        "DIR",
        "Keeps compiled code between runs [default: worker-host in $XDG_CACHE_HOME or ~/.cache]",
        &[Build, Run, Serve, Check, Test, Doctor],
    ),
    row(
        "cache-size",
        "SIZE",
        "Disk that it may take; what was used longest ago makes room [default: 1GiB]",
        &[Build, Run, Serve, Check, Test, Doctor],
    ),
    row(
        "image-memory",
        "SIZE",
        "Memory for workers; what was executed longest ago makes room, and comes back in milliseconds [default: a quarter of the machine's]",
        &[Serve],
    ),
    Setting {
        short: Some('o'),
        ..row(
            "out",
            "FILE",
            "Where the module goes [default: named after the entry, in this folder]",
            &[Build],
        )
    },
    row(
        "standalone",
        "",
        "Make a module that runs in any WASI runtime: no host calls",
        &[Build],
    ),
    row(
        "payload",
        "JSON|@FILE|-",
        "The payload [default: stdin, when it is not a terminal]",
        &[Run],
    ),
    row(
        "output",
        "value|json",
        "Print the returned value, or the whole execution [default: value]",
        &[Run],
    ),
    // What one execution may use: each is a default, with the maximum after `..` if that is another.
    row(
        "fuel",
        "N[..N]",
        "Work one execution may do [default: 10_000_000_000, about a second of CPU]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "cpu",
        "DURATION[..DURATION]",
        "Time on a CPU one execution may take [default: 2s]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "timeout",
        "DURATION[..DURATION]",
        "Wall time one execution may take [default: 5s]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "memory",
        "SIZE[..SIZE]",
        "Memory one execution may use [default: 64MiB]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "payload-size",
        "SIZE[..SIZE]",
        "Size of a payload; 16MiB at most [default: 1MiB]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "output-size",
        "SIZE[..SIZE]",
        "Size of the returned value as JSON; 16MiB at most [default: 1MiB]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "log-size",
        "SIZE[..SIZE]",
        "Size of the log of one execution; more is dropped [default: 256KiB]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "log-lines",
        "N[..N]",
        "Lines of the log of one execution; more are dropped [default: 10_000]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "host-calls",
        "N[..N]",
        "Operations of the host one execution may start: requests, timers, secrets, state [default: 10_000]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "requests",
        "N[..N]",
        "Requests to the network one execution may make [default: 100]",
        &[Run, Serve, Check, Test],
    ),
    row(
        "traffic",
        "SIZE[..SIZE]",
        "Bytes of bodies one execution may send and receive [default: 64MiB]",
        &[Run, Serve, Check, Test],
    ),
    Setting {
        repeats: true,
        ..row(
            "allow-net",
            "HOST[:PORT],…",
            "Hosts that workers may reach beside the platform; * is every public one [default: none]",
            &[Run, Serve, Test],
        )
    },
    row(
        "platform-url",
        "URL",
        "The platform: baseUrl, and where platformHttp goes [default: none]",
        &[Run, Serve, Test],
    ),
    row(
        "platform-token",
        "TOKEN",
        "Sent with platformHttp; better set as HOST_PLATFORM_TOKEN [default: none]",
        &[Run, Serve, Test],
    ),
    row(
        "hide-platform-token",
        "",
        "Do not show the token to workers as context.platformToken",
        &[Run, Serve, Test],
    ),
    Setting {
        repeats: true,
        ..row(
            "secret",
            "NAME=TEXT",
            "A secret of the worker; can be repeated",
            &[Run, Test],
        )
    },
    Setting {
        repeats: true,
        ..row(
            "property",
            "NAME=TEXT",
            "A property of the worker; can be repeated",
            &[Run, Test],
        )
    },
    row(
        "listen",
        "ADDRESS",
        "Address and port to listen on [default: 127.0.0.1:8080]",
        &[Serve, Dev],
    ),
    row(
        "tls-cert",
        "FILE",
        "Speak HTTPS with this certificate and its chain, in PEM; read again when it changes",
        &[Serve],
    ),
    row("tls-key", "FILE", "The certificate's private key, in PEM", &[Serve]),
    row(
        "workers",
        "DIR",
        "Folder of workers, each a folder with a manifest.json",
        &[Serve],
    ),
    row(
        "data",
        "DIR",
        "Folder that keeps what the host makes: its database, its admin token, its master key [default: data]",
        &[Serve, Beside, Doctor],
    ),
    Setting {
        repeats: true,
        ..row(
            "database",
            "URL",
            "PostgreSQL database, as postgres://USER:PASSWORD@HOST/NAME [default: SQLite in the data folder]",
            &[Serve, Beside],
        )
    },
    row(
        "jwt-issuer",
        "TEXT",
        "Accept tokens (JWT) of this issuer; needs --jwt-audience and --jwt-keys",
        &[Serve],
    ),
    Setting {
        repeats: true,
        ..row(
            "jwt-audience",
            "TEXT",
            "The audience such a token must be for",
            &[Serve],
        )
    },
    row(
        "jwt-keys",
        "FILE|URL",
        "The issuer's keys, a JWKS document; read again when they change",
        &[Serve],
    ),
    Setting {
        repeats: true,
        ..row(
            "jwt-algorithm",
            "NAME",
            "An algorithm such a token may be signed with [default: RS*, PS*, ES256, ES384, EdDSA]",
            &[Serve],
        )
    },
    row(
        "history-days",
        "N",
        "Days for which executions are kept in the history; 0 keeps none [default: 30]",
        &[Serve],
    ),
    row(
        "history-entries",
        "N",
        "Executions kept in the history [default: 1_000_000]",
        &[Serve],
    ),
    row(
        "max-executions",
        "N",
        "Executions under way at once; more wait [default: 1000]",
        &[Serve],
    ),
    row(
        "worker-executions",
        "N",
        "Executions of one worker under way at once [default: as --max-executions]",
        &[Serve],
    ),
    row(
        "queue",
        "N",
        "Executions that wait for others to end; more get 429 [default: 256]",
        &[Serve],
    ),
    row(
        "queue-wait",
        "DURATION",
        "How long they wait before they get 429 [default: 5s]",
        &[Serve],
    ),
    row(
        "build-time",
        "DURATION",
        "CPU time that building a worker, or compiling a module, may take [default: 10s]",
        &[Serve],
    ),
    row(
        "build-memory",
        "SIZE",
        "Memory that it may take [default: 512MiB]",
        &[Serve],
    ),
    row(
        "unconfined",
        "",
        "Do not take rights from the server that it does not need (landlock, seccomp)",
        &[Serve],
    ),
    row(
        "caller-rate",
        "N",
        "Executions a second of one caller; more get 429 [default: 0, any number]",
        &[Serve],
    ),
    row(
        "worker-rate",
        "N",
        "Executions a second of one worker; more get 429 [default: 0, any number]",
        &[Serve],
    ),
    row(
        "back-off",
        "",
        "Let a worker pause that failed 10 times in a day without a success: 503 for 1 s, 2 s, … 1 h",
        &[Serve],
    ),
    row(
        "drain",
        "DURATION",
        "Time that running executions get when the host stops [default: 10s]",
        &[Serve],
    ),
    row(
        "header-timeout",
        "DURATION",
        "Time a client gets to send its headers [default: 10s]",
        &[Serve],
    ),
    row(
        "body-timeout",
        "DURATION",
        "Time a client gets to send its body [default: 10s]",
        &[Serve],
    ),
    row(
        "log",
        "LEVEL",
        "error, warn, info, debug, trace, off, or target=level,… [default: info]",
        &[Serve],
    ),
    row(
        "server",
        "URL|NAME",
        "The server to ask, by its address or its name at host login [default: the first login, else http://127.0.0.1:8080]",
        &[Remote],
    ),
    row(
        "token",
        "TOKEN",
        "Says who asks; better set as HOST_TOKEN [default: that of the login]",
        &[Remote],
    ),
    row("project", "KEY", "The project of the worker", &[Remote]),
];

const fn row(name: &'static str, value: &'static str, help: &'static str, commands: &'static [Command]) -> Setting {
    Setting {
        name,
        short: None,
        value,
        repeats: false,
        help,
        commands,
    }
}

/// The settings of one command.
pub fn of(command: Command) -> impl Iterator<Item = &'static Setting> {
    SETTINGS
        .iter()
        .filter(move |setting| setting.commands.contains(&command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_variables_follow_from_them() {
        let names: std::collections::HashSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(names.len(), SETTINGS.len());
        let variables: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
        assert!(variables.contains(&"HOST_MAX_EXECUTIONS".to_owned()));
        // A token on the command line can be read by every user of the machine, and files get committed.
        assert!(!variables.contains(&"HOST_ADMIN_TOKEN".to_owned()));
    }
}

//! The one conversion from texts to what the three commands take. After it, everything is valid.

use super::cache::{Cache, cache};
use super::sources::{Mistakes, Sources};
use super::{quantity, value};
use crate::admission::Rules;
use crate::compiler::Allowance;
use crate::data::Data;
use crate::issuer::Issuer;
use crate::limits::LimitRange;
use crate::network::allowed::{self, Allowed};
use crate::places::Room;
use crate::source;
use crate::tls::Files;
use engine::{Limits, Texts};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Url;

/// What workers reach outside.
#[derive(Clone, Default)]
pub struct Outside {
    /// The platform.
    pub platform_url: Option<Url>,
    /// Its token.
    pub platform_token: Option<String>,
    /// Whether workers see the token.
    pub show_token: bool,
    /// The hosts they may reach beside the platform.
    pub allowed: Vec<Allowed>,
}

impl std::fmt::Debug for Outside {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside")
            .field("platform_url", &self.platform_url.as_ref().map(Url::as_str))
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

/// What `host build` takes.
#[derive(Debug)]
pub struct Build {
    /// The TypeScript or JavaScript file.
    pub entry: PathBuf,
    /// Where the module goes.
    pub out: PathBuf,
    /// Whether the module may import WASI alone.
    pub standalone: bool,
    /// Keeps compiled code.
    pub cache: Cache,
}

/// What `host run` takes.
pub struct Run {
    /// The module or source file.
    pub worker: PathBuf,
    /// Where the payload comes from.
    pub payload: PayloadFrom,
    /// How the execution is printed.
    pub output: Output,
    /// What it may use: the defaults of a host.
    pub limits: Limits,
    /// What it reaches outside.
    pub outside: Outside,
    /// Its secrets.
    pub secrets: Texts,
    /// Its properties.
    pub properties: Texts,
    /// Keeps compiled code.
    pub cache: Cache,
}

/// Where a payload comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum PayloadFrom {
    /// The command line.
    Text(String),
    /// A file.
    File(PathBuf),
    /// Standard input, whatever it is.
    Stdin,
    /// Standard input unless it is a terminal.
    StdinIfPiped,
}

/// How an execution is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The returned value on stdout, everything else on stderr.
    Value,
    /// The whole execution as one JSON document.
    Json,
}

/// What `host serve` takes.
#[derive(Debug)]
pub struct Serve {
    /// Address and port; a name is resolved when listening begins.
    pub listen: String,
    /// The certificate, where clients speak TLS.
    pub tls: Option<Files>,
    /// The folder of workers.
    pub workers: Option<PathBuf>,
    /// What is kept, and where.
    pub data: Data,
    /// The issuer outside whose tokens are accepted.
    pub issuer: Option<Issuer>,
    /// Days that the history goes back; 0 for none.
    pub history_days: u32,
    /// Entries of the history, at most.
    pub history_entries: u32,
    /// Keeps compiled code.
    pub cache: Cache,
    /// Bytes of the workers that are in memory; a quarter of the machine's, if nothing is said.
    pub image_memory: Option<u64>,
    /// What each execution may use.
    pub limits: LimitRange,
    /// What building a worker may use.
    pub build: Allowance,
    /// Whether rights that are not needed are given up.
    pub confined: bool,
    /// What workers reach outside.
    pub outside: Outside,
    /// Executions under way at once, and those that wait.
    pub room: Room,
    /// How often they may begin.
    pub rules: Rules,
    /// Time that running executions get when the host stops.
    pub drain: Duration,
    /// Time a client gets for its headers.
    pub header_timeout: Duration,
    /// Time a client gets for its body.
    pub body_timeout: Duration,
    /// What is logged.
    pub log: Targets,
    /// The admin token, when the operator sets it.
    pub admin_token: Option<String>,
}

impl Build {
    /// Converts; `entry` is the command's argument.
    pub fn from(mut sources: Sources, entry: PathBuf) -> Result<Self, Mistakes> {
        check_file(&mut sources, "<entry>", &entry, source::SCRIPTS);
        let stem = entry.file_stem().unwrap_or(entry.as_os_str());
        let out = sources
            .get("out", value::path)
            .unwrap_or_else(|| Path::new(stem).with_added_extension("wasm"));
        let standalone = sources.get("standalone", value::switch).unwrap_or(false);
        let cache = cache(&mut sources);
        sources.finish()?;
        Ok(Self {
            entry,
            out,
            standalone,
            cache,
        })
    }
}

impl Run {
    /// Converts; `worker` is the command's argument.
    pub fn from(mut sources: Sources, worker: PathBuf) -> Result<Self, Mistakes> {
        check_file(&mut sources, "<worker>", &worker, source::ALL);
        let payload = sources
            .get("payload", value::payload_from)
            .unwrap_or(PayloadFrom::StdinIfPiped);
        let output = sources.get("output", value::output).unwrap_or(Output::Value);
        let limits = limits(&mut sources).default;
        let outside = outside(&mut sources);
        let secrets = sources.get_all("secret", value::named).into_iter().collect();
        let properties = sources.get_all("property", value::named).into_iter().collect();
        let cache = cache(&mut sources);
        sources.finish()?;
        Ok(Self {
            worker,
            payload,
            output,
            limits,
            outside,
            secrets,
            properties,
            cache,
        })
    }
}

/// Converts what the commands beside a server take.
pub fn beside(mut sources: Sources) -> Result<Data, Mistakes> {
    let data = data(&mut sources);
    sources.finish()?;
    Ok(data)
}

impl Serve {
    /// Converts.
    pub fn from(mut sources: Sources) -> Result<Self, Mistakes> {
        let serve = Self {
            listen: listen(&mut sources),
            workers: sources.get("workers", value::folder),
            data: data(&mut sources),
            tls: tls(&mut sources),
            issuer: issuer(&mut sources),
            history_days: sources.get("history-days", value::number).unwrap_or(30),
            history_entries: sources.get("history-entries", value::number).unwrap_or(1_000_000),
            cache: cache(&mut sources),
            image_memory: sources.get("image-memory", quantity::size).map(|bytes| bytes as u64),
            limits: limits(&mut sources),
            build: build(&mut sources),
            confined: !sources.get("unconfined", value::switch).unwrap_or(false),
            outside: outside(&mut sources),
            rules: Rules {
                caller_rate: sources.get("caller-rate", value::number).unwrap_or(0),
                worker_rate: sources.get("worker-rate", value::number).unwrap_or(0),
                back_off: sources.get("back-off", value::switch).unwrap_or(false),
            },
            room: room(&mut sources),
            drain: sources
                .get("drain", quantity::duration)
                .unwrap_or(Duration::from_secs(10)),
            header_timeout: sources
                .get("header-timeout", quantity::duration)
                .unwrap_or(Duration::from_secs(10)),
            body_timeout: sources
                .get("body-timeout", quantity::duration)
                .unwrap_or(Duration::from_secs(10)),
            log: sources
                .get("log", value::log)
                .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO)),
            admin_token: admin_token(&mut sources),
        };
        sources.finish()?;
        Ok(serve)
    }
}

pub(super) fn listen(sources: &mut Sources) -> String {
    sources
        .get("listen", value::address)
        .unwrap_or_else(|| "127.0.0.1:8080".into())
}

/// Each with its default and its maximum.
pub(super) fn limits(sources: &mut Sources) -> LimitRange {
    let mut limits = LimitRange::default();
    // One place names the flag, how it is read, and where it goes.
    macro_rules! take {
        ($($name:literal, $parse:expr => $field:ident;)*) => {
            $(if let Some(range) = sources.get_range($name, $parse) {
                limits.default.$field = range.default;
                limits.maximum.$field = range.maximum;
            })*
        };
    }
    take! {
        "fuel", quantity::count => fuel;
        "cpu", quantity::duration => cpu;
        "timeout", quantity::duration => timeout;
        "memory", quantity::memory => memory_bytes;
        "payload-size", quantity::document => payload_bytes;
        "output-size", quantity::document => output_bytes;
        "log-size", quantity::size => log_bytes;
        "log-lines", value::number => log_lines;
        "host-calls", value::number => host_calls;
        "requests", value::number => requests;
        "traffic", |text| quantity::size(text).map(|bytes| bytes as u64) => traffic_bytes;
    }
    limits
}

fn build(sources: &mut Sources) -> Allowance {
    let default = Allowance::default();
    Allowance {
        cpu: sources.get("build-time", quantity::seconds).unwrap_or(default.cpu),
        memory_bytes: sources
            .get("build-memory", quantity::build_memory)
            .unwrap_or(default.memory_bytes),
    }
}

pub(super) fn outside(sources: &mut Sources) -> Outside {
    let allowed = sources.get_all("allow-net", allowed::parse_list);
    Outside {
        platform_url: sources.get("platform-url", value::url),
        platform_token: sources.get_all("platform-token", value::token).pop(),
        show_token: !sources.get("hide-platform-token", value::switch).unwrap_or(false),
        allowed: allowed.into_iter().flatten().collect(),
    }
}

fn check_file(sources: &mut Sources, argument: &str, file: &Path, extensions: &[&str]) {
    let place = format!("{argument}: {}", file.display());
    match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => sources.fault(&place, "there is no such file"),
        Err(error) => sources.fault(&place, &format!("cannot be read: {error}")),
        Ok(found) if found.is_dir() => sources.fault(&place, "is a folder; name the file in it"),
        Ok(_) if !source::has_extension(file, extensions) => {
            sources.fault(
                &place,
                &format!("expected a file that ends in .{}", extensions.join(", .")),
            );
        }
        Ok(_) => {}
    }
}

fn tls(sources: &mut Sources) -> Option<Files> {
    match (
        sources.get("tls-cert", value::path),
        sources.get("tls-key", value::path),
    ) {
        (Some(cert), Some(key)) => Some(Files { cert, key }),
        (None, None) => None,
        _ => {
            sources.fault("--tls-cert", "needs --tls-key beside it, and that needs it");
            None
        }
    }
}

fn room(sources: &mut Sources) -> Room {
    let places = sources.get("max-executions", value::executions).unwrap_or(1000);
    let of_worker = sources.get("worker-executions", value::executions).unwrap_or(places);
    Room {
        places: places as usize,
        of_worker: of_worker as usize,
        queue: sources.get("queue", value::number).unwrap_or(256) as usize,
        patience: sources
            .get("queue-wait", quantity::duration)
            .unwrap_or(Duration::from_secs(5)),
    }
}

/// All of it, or none.
fn issuer(sources: &mut Sources) -> Option<Issuer> {
    let name = sources.get("jwt-issuer", value::text);
    let audiences = sources.get_all("jwt-audience", |text| {
        value::text(text).map_err(|problem| vec![problem])
    });
    let algorithms = sources.get_all("jwt-algorithm", |text| {
        value::text(text).map_err(|problem| vec![problem])
    });
    let keys = sources.get("jwt-keys", value::keys);
    match (name, keys) {
        (Some(name), Some(keys)) if !audiences.is_empty() => Some(Issuer {
            name,
            audiences,
            algorithms,
            keys,
        }),
        (None, None) if audiences.is_empty() && algorithms.is_empty() => None,
        _ => {
            sources.fault(
                "--jwt-issuer",
                "needs --jwt-audience and --jwt-keys beside it, and they need it",
            );
            None
        }
    }
}

fn data(sources: &mut Sources) -> Data {
    Data {
        folder: sources.get("data", value::path).unwrap_or_else(|| "data".into()),
        url: sources.get_all("database", value::database).pop(),
        master_key: sources.variable("HOST_MASTER_KEY"),
        previous_key: sources.variable("HOST_PREVIOUS_MASTER_KEY"),
    }
}

/// A token travels in a header: only what can stand there. It is never shown, not even when it is wrong.
fn admin_token(sources: &mut Sources) -> Option<String> {
    const NAME: &str = "HOST_ADMIN_TOKEN";
    let token = sources.variable(NAME)?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        sources.fault(NAME, "expected visible ASCII characters without spaces");
    }
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn sources(flags: &[(&'static str, &str)], environment: fn(&str) -> Option<OsString>) -> Sources {
        Sources::read(
            flags
                .iter()
                .map(|(name, text)| (*name, vec![(*text).to_owned()]))
                .collect(),
            environment,
        )
    }

    fn home(name: &str) -> Option<OsString> {
        (name == "HOME").then(|| "/home/someone".into())
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let serve = Serve::from(sources(&[], home)).unwrap();
        assert_eq!(serve.listen, "127.0.0.1:8080");
        assert_eq!(serve.limits, LimitRange::default());
        assert_eq!((serve.room.places, serve.drain), (1000, Duration::from_secs(10)));
        assert_eq!(serve.cache.folder, Path::new("/home/someone/.cache/worker-host"));
        assert!(serve.workers.is_none() && serve.admin_token.is_none());
    }

    #[test]
    fn a_limit_has_a_default_and_a_maximum() {
        let flags = [
            ("memory", "32MiB..256MiB"),
            ("traffic", "1KiB..2KiB"),
            ("requests", "0..7"),
            ("timeout", "1s"),
        ];
        let limits = Serve::from(sources(&flags, home)).unwrap().limits;
        let pairs = |limits: &Limits| {
            (
                limits.memory_bytes,
                limits.traffic_bytes,
                limits.requests,
                limits.timeout,
            )
        };
        let second = Duration::from_secs(1);
        assert_eq!(pairs(&limits.default), (32 << 20, 1 << 10, 0, second));
        assert_eq!(pairs(&limits.maximum), (256 << 20, 2 << 10, 7, second));
        let worker = concat!(env!("CARGO_MANIFEST_DIR"), "/../workers/echo/worker.ts");
        let run = Run::from(sources(&flags, home), worker.into()).ok().unwrap();
        assert_eq!(run.limits, limits.default);
    }

    #[test]
    fn the_file_of_a_worker_has_a_known_extension() {
        let text = Run::from(sources(&[], home), "Cargo.toml".into())
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("expected a file that ends in .wasm, .ts, .js, .mts, .mjs"),
            "{text}"
        );
        assert!(
            Build::from(sources(&[], home), "src".into())
                .unwrap_err()
                .to_string()
                .contains("is a folder")
        );
    }

    #[test]
    fn every_mistake_of_a_command_at_once() {
        let flags = [
            ("listen", "8080"),
            ("workers", "/nowhere"),
            ("max-executions", "1000000"),
            ("log", "loud=very"),
        ];
        let environment: fn(&str) -> Option<OsString> = |name| match name {
            "HOST_ADMIN_TOKEN" => Some("sec ret".into()),
            "HOST_MEMORY" => Some("5GiB".into()),
            "HOST_FUEL" => Some("20..10".into()),
            "HOST_PAYLOAD_SIZE" => Some("0..17MiB".into()),
            _ => home(name),
        };
        let text = Serve::from(sources(&flags, environment)).unwrap_err().to_string();
        for part in [
            "9 mistakes",
            "--listen: ",
            "--workers: ",
            "--max-executions: ",
            "--log: ",
            "HOST_MEMORY: ",
            "HOST_FUEL: expected a maximum that is not below the default, not \"20..10\"",
            "HOST_PAYLOAD_SIZE: expected more than nothing, not \"0\"",
            "HOST_PAYLOAD_SIZE: expected at most 16MiB, not \"17MiB\"",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(
            text.contains("HOST_ADMIN_TOKEN: ") && !text.contains("sec ret"),
            "{text}"
        );
        let text = Run::from(sources(&[("output", "xml"), ("payload", "@")], home), "gone.ts".into());
        let text = text.map(|_| ()).unwrap_err().to_string();
        for part in [
            "3 mistakes",
            "<worker>: gone.ts: there is no such file",
            "--output: ",
            "--payload: ",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}

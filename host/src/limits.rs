//! What one execution may use: what it gets when its worker asks for nothing, and the most that a worker can ask for.

use crate::api::settings;
use engine::Limits;
use std::time::Duration;

/// The operator's limits of an execution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitRange {
    /// For a worker that asks for nothing.
    pub default: Limits,
    /// For one that asks; each at least the default.
    pub maximum: Limits,
}

impl LimitRange {
    /// What an execution of a worker that asks for `asked` may use. It was within the maximum when it was saved, and is
    /// within today's here.
    pub fn within(&self, asked: &settings::Limits) -> Limits {
        let Self { default, maximum } = self;
        Limits {
            fuel: bounded(asked.fuel, default.fuel, maximum.fuel),
            cpu: millis(asked.cpu_millis, default.cpu, maximum.cpu),
            timeout: millis(asked.timeout_millis, default.timeout, maximum.timeout),
            memory_bytes: bounded(asked.memory_bytes, default.memory_bytes, maximum.memory_bytes),
            payload_bytes: bounded(asked.payload_bytes, default.payload_bytes, maximum.payload_bytes),
            output_bytes: bounded(asked.output_bytes, default.output_bytes, maximum.output_bytes),
            log_bytes: bounded(asked.log_bytes, default.log_bytes, maximum.log_bytes),
            log_lines: bounded(asked.log_lines, default.log_lines, maximum.log_lines),
            host_calls: bounded(asked.host_calls, default.host_calls, maximum.host_calls),
            requests: bounded(asked.requests, default.requests, maximum.requests),
            traffic_bytes: bounded(asked.traffic_bytes, default.traffic_bytes, maximum.traffic_bytes),
        }
    }

    /// The most that a worker may ask for.
    pub fn maxima(&self) -> settings::Limits {
        let most = &self.maximum;
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).ok();
        settings::Limits {
            cpu_millis: millis(most.cpu),
            fuel: Some(most.fuel),
            timeout_millis: millis(most.timeout),
            memory_bytes: Some(most.memory_bytes as u64),
            payload_bytes: Some(most.payload_bytes as u64),
            output_bytes: Some(most.output_bytes as u64),
            log_bytes: Some(most.log_bytes as u64),
            log_lines: Some(most.log_lines.into()),
            host_calls: Some(most.host_calls.into()),
            requests: Some(most.requests.into()),
            traffic_bytes: Some(most.traffic_bytes),
        }
    }
}

impl From<Limits> for LimitRange {
    /// The same for all.
    fn from(limits: Limits) -> Self {
        Self {
            maximum: limits.clone(),
            default: limits,
        }
    }
}

/// A number that is too large for its type is more than the maximum.
fn bounded<T: TryFrom<u64> + Ord>(asked: Option<u64>, default: T, maximum: T) -> T {
    match asked.map(T::try_from) {
        None => default,
        Some(Ok(asked)) => asked.min(maximum),
        Some(Err(_)) => maximum,
    }
}

fn millis(asked: Option<u64>, default: Duration, maximum: Duration) -> Duration {
    asked.map_or(default, Duration::from_millis).min(maximum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::service::MAX_HEADERS;
    use crate::settings::commands::Serve;
    use crate::settings::sources::{Sources, Texts};
    use crate::settings::table::SETTINGS;
    use engine::limits as fixed;

    fn range() -> LimitRange {
        let default = Limits::default();
        let maximum = Limits {
            memory_bytes: 2 * default.memory_bytes,
            timeout: 2 * default.timeout,
            requests: 2 * default.requests,
            ..default.clone()
        };
        LimitRange { default, maximum }
    }

    #[test]
    fn what_a_worker_asks_for_obeyed() {
        let range = range();
        let LimitRange { default, maximum } = &range;
        assert_eq!(range.within(&settings::Limits::default()), *default);
        let asked = settings::Limits {
            fuel: Some(7),
            timeout_millis: Some(9_000),
            memory_bytes: Some(maximum.memory_bytes as u64),
            requests: Some(0),
            ..settings::Limits::default()
        };
        let expected = Limits {
            fuel: 7,
            timeout: Duration::from_secs(9),
            memory_bytes: maximum.memory_bytes,
            requests: 0,
            ..default.clone()
        };
        assert_eq!(range.within(&asked), expected);
        assert_eq!(range.within(&range.maxima()), *maximum);
    }

    #[test]
    fn what_a_worker_asks_for_violated() {
        let range = range();
        let asked: settings::Limits = settings::Limits {
            cpu_millis: Some(u64::MAX),
            fuel: Some(u64::MAX),
            timeout_millis: Some(u64::MAX),
            memory_bytes: Some(u64::MAX),
            payload_bytes: Some(u64::MAX),
            output_bytes: Some(u64::MAX),
            log_bytes: Some(u64::MAX),
            log_lines: Some(u64::MAX),
            host_calls: Some(u64::MAX),
            requests: Some(u64::MAX),
            traffic_bytes: Some(u64::MAX),
        };
        assert_eq!(range.within(&asked), range.maximum);
    }

    /// The rows of the table in the README: limit, default, flag, name in a worker's settings.
    fn rows() -> Vec<[&'static str; 4]> {
        let readme = include_str!("../../README.md");
        let (_, table) = readme.split_once("| limit | default |").expect("the table of limits");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let mut cells = row.split('|').skip(1).map(|cell| cell.trim().trim_matches('`'));
            std::array::from_fn(|_| cells.next().unwrap_or_else(|| panic!("{row}")))
        })
        .collect()
    }

    fn home(name: &str) -> Option<std::ffi::OsString> {
        (name == "HOME").then(|| "/home/someone".into())
    }

    #[test]
    fn the_defaults_in_the_readme_are_those_of_the_flags() {
        let serve = |flags| format!("{:?}", Serve::from(Sources::read(flags, home)).unwrap());
        let mut flags = Texts::new();
        for [limit, default, flag, _] in rows() {
            let Some(name) = flag.strip_prefix("--") else { continue };
            let setting = SETTINGS.iter().find(|setting| setting.name == name);
            let setting = setting.unwrap_or_else(|| panic!("{limit}: --{name} is not a flag"));
            let told = format!("[default: {default}");
            assert!(
                setting.help.contains(&told),
                "{limit}: {told} is not in {}",
                setting.help
            );
            // A text such as "as --max-executions" is told, but cannot be given.
            if default.starts_with(|first: char| first.is_ascii_digit()) {
                let number = default.split(',').next().unwrap_or_default();
                flags.insert(setting.name, vec![number.to_owned()]);
            }
        }
        assert!(flags.len() > 15, "{flags:?}");
        assert_eq!(serve(flags), serve(Texts::new()));
    }

    #[test]
    fn the_names_in_the_readme_are_those_of_the_settings() {
        let mut told: Vec<_> = rows()
            .iter()
            .map(|[.., name]| *name)
            .filter(|name| !name.is_empty())
            .collect();
        let known = serde_json::to_value(range().maxima()).unwrap();
        let mut known: Vec<_> = known.as_object().unwrap().keys().map(String::as_str).collect();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
    }

    #[test]
    fn what_is_fixed_in_the_readme_is_so() {
        let kib = |bytes: u64| format!("{} KiB", bytes >> 10);
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        let runtime = include_str!("../../guest-sdk/runtime/src/prelude.rs");
        assert!(runtime.contains("const STACK_BYTES: usize = 640 << 10;"));
        for (limit, value) in [
            ("WebAssembly stack", mib(fixed::WASM_STACK_BYTES as u64)),
            ("JavaScript stack", kib(640 << 10)),
            (
                "tables, and elements of each",
                format!("{}, {}", fixed::MAX_TABLES, fixed::MAX_TABLE_ELEMENTS),
            ),
            ("payload, nesting", fixed::MAX_NESTING.to_string()),
            ("host calls at once", grouped(fixed::MAX_OPERATIONS)),
            (
                "one host call, its body",
                format!(
                    "{}, {}",
                    kib(fixed::MAX_OPERATION_BYTES.into()),
                    mib(fixed::MAX_BODY_BYTES.into())
                ),
            ),
            ("random bytes, one call", kib(fixed::MAX_RANDOM_BYTES)),
            (
                "state: items, key, value",
                format!(
                    "{}, {}, {}",
                    fixed::MAX_STATE_ITEMS,
                    fixed::MAX_STATE_KEY,
                    fixed::MAX_STATE_VALUE
                ),
            ),
            ("source", format!("{} characters", grouped(fixed::MAX_SOURCE_CHARS))),
            ("uploaded module", mib(crate::source::MAX_MODULE_BYTES as u64)),
            (
                "other body of the management API",
                mib(crate::http::manage::MAX_BODY_BYTES as u64),
            ),
            (
                "workers that call each other",
                crate::http::execution::MAX_HOPS.to_string(),
            ),
            ("connections", grouped(crate::server::MAX_CONNECTIONS)),
            ("one request: to connect, to its head, between two parts", network()),
            (
                "headers of a request",
                format!("{MAX_HEADERS}, {}", kib(crate::server::MAX_HEAD_BYTES.into())),
            ),
            (
                "requests at once, one HTTP/2 connection",
                crate::server::MAX_STREAMS.to_string(),
            ),
            ("followers of logs", crate::followers::MAX_FOLLOWERS.to_string()),
        ] {
            let rows = rows();
            let row = rows.iter().find(|[name, ..]| *name == limit);
            let [_, told, flag, _] = row.unwrap_or_else(|| panic!("{limit} is not in the table"));
            assert_eq!((*told, *flag), (value.as_str(), "fixed"), "{limit}");
        }
    }

    fn network() -> String {
        let limits = crate::network::Limits::default();
        [limits.connect, limits.head, limits.idle]
            .map(|limit| format!("{limit:?}"))
            .join(", ")
    }

    /// 10000 as 10_000.
    fn grouped(number: usize) -> String {
        let (thousands, rest) = (number / 1000, number % 1000);
        if thousands == 0 {
            rest.to_string()
        } else {
            format!("{thousands}_{rest:03}")
        }
    }
}

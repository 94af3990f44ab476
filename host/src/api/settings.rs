//! `settings` of a worker, our own part of a deployment: limits, properties, hosts and switches. Unlike in the rest of
//! the body, unknown names are mistakes here: a slip in `keepPayloads` must not keep payloads.

use super::Mistakes;
use super::fields::{Fields, kind, shortened};
use crate::network::allowed;
use crate::suggest::did_you_mean;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// No name of a host is longer, its port included.
const MAX_HOST_BYTES: usize = 300;

/// What a worker asks for, or what the operator allows at most; what is absent is the host's default, or unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Time on a CPU, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u64>,
    /// Units of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Wall time, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_millis: Option<u64>,
    /// Linear memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The payload, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_bytes: Option<u64>,
    /// The result as JSON, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
    /// Log lines, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// Log lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_lines: Option<u64>,
    /// Operations of the host that it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_calls: Option<u64>,
    /// Requests to the network; 0 is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Bytes of bodies that they send and receive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_bytes: Option<u64>,
}

/// The settings of a worker. Written with serde, read with [`read`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Each at most what the operator allows.
    pub limits: Limits,
    /// `context.properties`.
    pub properties: BTreeMap<String, String>,
    /// Hosts it may reach beside what the operator allows to all, as [`allowed::parse_list`] reads them.
    pub allow_net: Vec<String>,
    /// Whether payloads and results are kept in the history.
    pub keep_payloads: bool,
    /// Whether it answers under `/worker/api/v2/http/` as well.
    pub http_responses: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            properties: BTreeMap::new(),
            allow_net: Vec::new(),
            keep_payloads: true,
            http_responses: false,
        }
    }
}

/// Reads what the store kept. The maxima were obeyed when it was saved; whoever executes bounds it by today's.
pub fn read(document: &str) -> Result<Settings, Mistakes> {
    let mut fields = Fields::of_body(document.as_bytes())?;
    let settings = checked(&mut fields, &Limits::default());
    fields.finish(Some(settings))
}

/// Reads the limits of a manifest, with the checks of a deployment.
pub fn limits_of_manifest(limits: Value, maxima: &Limits) -> Result<Limits, Mistakes> {
    let mut fields = Fields::new([("limits".to_owned(), limits)].into_iter().collect(), "");
    let limits = checked_limits(&mut fields, maxima);
    fields.finish(Some(limits))
}

/// Takes `settings`.
pub(super) fn take(fields: &mut Fields, maxima: &Limits) -> Option<Settings> {
    let mut inner = fields.object("settings", "an object")?;
    let settings = checked(&mut inner, maxima);
    fields.end(inner);
    Some(settings)
}

fn checked(fields: &mut Fields, maxima: &Limits) -> Settings {
    let otherwise = Settings::default();
    let settings = Settings {
        limits: checked_limits(fields, maxima),
        properties: properties(fields),
        allow_net: hosts(fields),
        keep_payloads: fields.switch("keepPayloads").unwrap_or(otherwise.keep_payloads),
        http_responses: fields.switch("httpResponses").unwrap_or(otherwise.http_responses),
    };
    let known = ["limits", "properties", "allowNet", "keepPayloads", "httpResponses"];
    nothing_left(fields, &known);
    settings
}

fn checked_limits(fields: &mut Fields, maxima: &Limits) -> Limits {
    let mut limits = Limits::default();
    let Some(mut inner) = fields.object("limits", "an object of whole numbers") else {
        return limits;
    };
    let table = [
        ("cpuMillis", 1, maxima.cpu_millis, &mut limits.cpu_millis),
        ("fuel", 1, maxima.fuel, &mut limits.fuel),
        ("timeoutMillis", 1, maxima.timeout_millis, &mut limits.timeout_millis),
        ("memoryBytes", 1 << 20, maxima.memory_bytes, &mut limits.memory_bytes),
        ("payloadBytes", 0, maxima.payload_bytes, &mut limits.payload_bytes),
        ("outputBytes", 1, maxima.output_bytes, &mut limits.output_bytes),
        ("logBytes", 0, maxima.log_bytes, &mut limits.log_bytes),
        ("logLines", 0, maxima.log_lines, &mut limits.log_lines),
        ("hostCalls", 0, maxima.host_calls, &mut limits.host_calls),
        ("requests", 0, maxima.requests, &mut limits.requests),
        ("trafficBytes", 0, maxima.traffic_bytes, &mut limits.traffic_bytes),
    ];
    let known = table.each_ref().map(|(name, ..)| *name);
    for (name, min, max, place) in table {
        *place = inner.number(name, min, u64::MAX);
        if let (Some(asked), Some(max)) = (*place, max)
            && asked > max
        {
            inner.mistake(
                name,
                format_args!("{asked} is more than the {max} that this host allows"),
            );
        }
    }
    nothing_left(&mut inner, &known);
    fields.end(inner);
    limits
}

fn properties(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    if let Some(mut inner) = fields.object("properties", "an object of texts") {
        for name in inner.left() {
            match inner.take(&name) {
                Some(Value::String(text)) => _ = texts.insert(name, text),
                other => {
                    let given = other.as_ref().map_or("null", kind);
                    inner.mistake(&shortened(&name), format_args!("expected a text, not {given}"));
                }
            }
        }
        fields.end(inner);
    }
    texts
}

fn hosts(fields: &mut Fields) -> Vec<String> {
    let expected = "a list of hosts, such as [\"api.example.com\"]";
    let mut hosts = Vec::new();
    for (index, value) in fields.list("allowNet", expected).unwrap_or_default().iter().enumerate() {
        let place = format!("allowNet[{index}]");
        let Some(host) = value.as_str() else {
            fields.mistake(&place, format_args!("expected a text, not {}", kind(value)));
            continue;
        };
        if host.len() > MAX_HOST_BYTES {
            let length = host.len();
            fields.mistake(
                &place,
                format_args!("has {length} bytes, expected at most {MAX_HOST_BYTES}"),
            );
            continue;
        }
        match allowed::parse_list(host) {
            Ok(read) => hosts.extend(read.iter().map(ToString::to_string)),
            Err(problems) => {
                for problem in problems {
                    fields.mistake(&place, problem);
                }
            }
        }
    }
    hosts
}

fn nothing_left(fields: &mut Fields, known: &[&str]) {
    for name in fields.left() {
        let hint = match name.len() {
            0..=64 => did_you_mean(&name, known.iter().copied()),
            _ => String::new(),
        };
        fields.mistake(&shortened(&name), format_args!("is not a setting{hint}"));
    }
}

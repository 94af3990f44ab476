//! Every call of the API: a row each, in the order of the document.

use serde_json::{Value, json};

/// One call.
pub(super) struct Call {
    pub method: &'static str,
    pub path: &'static str,
    /// Unique.
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    /// Names that [`query`] knows.
    pub query: &'static [&'static str],
    pub body: Carries,
    pub body_required: bool,
    pub answers: &'static [Answer],
    /// What it answers with any status.
    pub any: Option<&'static str>,
    /// Beside 405 and 500, which all have.
    pub refusals: &'static [u16],
    /// Whether it needs no credentials.
    pub open: bool,
    /// Whether its answers name an execution.
    pub headers: bool,
}

/// A status, what it means, and the body.
pub(super) struct Answer(pub u16, pub &'static str, pub Carries);

/// What a body is.
#[derive(Clone, Copy)]
pub(super) enum Carries {
    Nothing,
    /// The schema of this name.
    Json(&'static str),
    /// Any JSON.
    AnyJson,
    /// Bytes of this type.
    Of(&'static str),
}

use Carries::{AnyJson, Json, Nothing, Of};

/// What a row does not say.
const CALL: Call = Call {
    method: "get",
    path: "",
    id: "",
    tag: "workers",
    summary: "",
    query: &[],
    body: Nothing,
    body_required: true,
    answers: &[],
    any: None,
    refusals: READ,
    open: false,
    headers: false,
};

const READ: &[u16] = &[400, 401, 403, 404, 503];
const DELETE: &[u16] = &[400, 401, 403, 404, 503];
const WRITE: &[u16] = &[400, 401, 403, 404, 408, 409, 413, 415, 503];
const EXECUTE: &[u16] = &[400, 401, 403, 404, 408, 413, 415, 429, 503];
const ASK: &[u16] = &[400, 401, 403, 404, 429, 502, 503, 504];
const SEND: &[u16] = &[400, 401, 403, 404, 408, 413, 429, 502, 503, 504];
const LIST: &[u16] = &[400, 401, 403, 503];
const NEW: &[u16] = &[400, 401, 403, 408, 409, 413, 415, 503];
const SECRET: &[u16] = &[400, 401, 403, 404, 408, 413, 415, 503];

const CREATED_V1: &[Answer] = &[Answer(201, "The worker that was made.", Json("WorkerV1"))];
const CREATED_V2: &[Answer] = &[Answer(201, "The worker that was made.", Json("WorkerV2"))];
const DONE: &[Answer] = &[Answer(204, "It was done.", Nothing)];
const EXECUTED: &[Answer] = &[Answer(
    200,
    "The worker was executed; executionStatus says how it went.",
    Json("ExecuteAnswer"),
)];
const TESTED: &[Answer] = &[Answer(
    200,
    "The code was executed; executionStatus says how it went.",
    Json("TestAnswer"),
)];
/// What a worker answers by itself.
const OWN: Option<&str> = Some(
    "What the worker answers, of any type and with any status; `X-Execution-Id` tells it from a refusal of the host.",
);
const ACTIONS: &[Answer] = &[Answer(200, "The actions.", Json("Actions"))];
/// One row: what differs from [`CALL`].
macro_rules! call {
    ($method:literal $path:literal $id:literal $summary:literal, $answers:expr $(, $field:ident: $value:expr)*) => {
        Call { method: $method, path: $path, id: $id, summary: $summary, answers: $answers, $($field: $value,)* ..CALL }
    };
}

#[rustfmt::skip]
pub(super) const CALLS: &[Call] = &[
    call!("post" "/worker/api/v1/execute/{key}" "execute" "Executes a generic worker with the body as its payload", EXECUTED, tag: "execution", query: &["projectKey"], body: AnyJson, body_required: false, refusals: EXECUTE, headers: true),
    call!("get" "/worker/api/v2/http/{key}" "httpGet" "Has a worker answer, whose setting httpResponses is on", &[], tag: "execution", any: OWN, refusals: ASK, headers: true),
    call!("post" "/worker/api/v2/http/{key}" "httpPost" "Has a worker answer, whose setting httpResponses is on", &[], tag: "execution", any: OWN, body: Of("application/octet-stream"), body_required: false, refusals: SEND, headers: true),
    call!("get" "/worker/api/v2/http/{key}/{path}" "httpGetPath" "Has a worker answer at a path of its own, of any depth", &[], tag: "execution", any: OWN, refusals: ASK, headers: true),
    call!("post" "/worker/api/v2/http/{key}/{path}" "httpPostPath" "Has a worker answer at a path of its own, of any depth", &[], tag: "execution", any: OWN, body: Of("application/octet-stream"), body_required: false, refusals: SEND, headers: true),
    call!("post" "/worker/api/v1/test" "testV1" "Executes code that is not saved", TESTED, tag: "execution", query: &["debug", "projectKey"], body: Json("TestV1"), refusals: EXECUTE, headers: true),
    call!("post" "/worker/api/v2/test" "testV2" "Executes code that is not saved", TESTED, tag: "execution", query: &["debug", "projectKey"], body: Json("TestV2"), refusals: EXECUTE, headers: true),
    call!("post" "/worker/api/v1/test/{key}" "testWorkerV1" "Executes code that is not saved, with the secrets of a worker if it exists", TESTED, tag: "execution", query: &["debug", "projectKey"], body: Json("TestV1"), refusals: EXECUTE, headers: true),
    call!("post" "/worker/api/v2/test/{key}" "testWorkerV2" "Executes code that is not saved, with the secrets of a worker if it exists", TESTED, tag: "execution", query: &["debug", "projectKey"], body: Json("TestV2"), refusals: EXECUTE, headers: true),
    call!("get" "/worker/api/v1/execution_history" "history" "Executions, the newest first", &[Answer(200, "The entries.", Json("History"))], tag: "execution", query: &["workerKey", "showTestRun", "projectKey", "status", "from", "until", "limit"], refusals: LIST),
    call!("get" "/worker/api/v2/executions" "running" "Executions that run now", &[Answer(200, "Those that this host runs.", Json("Running"))], tag: "execution", refusals: LIST),
    call!("delete" "/worker/api/v2/executions/{id}" "cancel" "Ends a running execution", DONE, tag: "execution"),
    call!("post" "/worker/api/v1/workers" "createV1" "Makes a worker", CREATED_V1, body: Json("DeployV1"), refusals: NEW),
    call!("put" "/worker/api/v1/workers" "updateV1" "Saves a worker; what is not mentioned stays", DONE, body: Json("DeployV1"), refusals: WRITE),
    call!("get" "/worker/api/v1/workers" "listV1" "Workers, or their keys; those who are no admin see shared generic workers", &[Answer(200, "The workers.", Json("WorkerListV1"))], query: &["action", "keysOnly", "projectKey"], refusals: LIST),
    call!("get" "/worker/api/v2/workers" "listV2" "Workers, or their keys; those who are no admin see shared generic workers", &[Answer(200, "The workers.", Json("WorkerListV2"))], query: &["action", "keysOnly", "projectKey"], refusals: LIST),
    call!("post" "/worker/api/v2/workers" "createV2" "Makes a worker", CREATED_V2, body: Json("DeployV2"), refusals: NEW),
    call!("put" "/worker/api/v2/workers" "updateV2" "Saves a worker; what is not mentioned stays", DONE, body: Json("DeployV2"), refusals: WRITE),
    call!("get" "/worker/api/v1/workers/{key}" "workerV1" "A worker", &[Answer(200, "The worker.", Json("WorkerV1"))], query: &["projectKey"]),
    call!("get" "/worker/api/v2/workers/{key}" "workerV2" "A worker", &[Answer(200, "The worker.", Json("WorkerV2"))], query: &["projectKey"]),
    call!("delete" "/worker/api/v1/workers/{key}" "deleteV1" "Deletes a worker with its versions, secrets and state", DONE, refusals: DELETE),
    call!("delete" "/worker/api/v2/workers/{key}" "deleteV2" "Deletes a worker with its versions, secrets and state", DONE, refusals: DELETE),
    call!("get" "/worker/api/v2/workers/{key}/logs" "follow" "Tells the executions of a worker as they end, for up to five minutes", &[Answer(200, "Server-sent events: `execution` with an entry of the history, `dropped` with the number of executions that the client was too slow for.", Of("text/event-stream"))], tag: "execution", refusals: &[400, 401, 403, 404, 429, 503]),
    call!("put" "/worker/api/v2/workers/{key}/module" "uploadModule" "Makes an uploaded WebAssembly module the worker's new version, or a worker", &[Answer(204, "It is the new version.", Nothing), Answer(201, "It was made.", Nothing)], query: &["projectKey", "action", "enabled"], body: Of("application/wasm"), refusals: WRITE),
    call!("get" "/worker/api/v2/workers/{key}/versions" "versions" "Versions of a worker, the newest first", &[Answer(200, "The versions, without their source.", Json("VersionList"))], tag: "versions"),
    call!("get" "/worker/api/v2/workers/{key}/versions/{n}" "version" "A version of a worker", &[Answer(200, "The version.", Json("Version"))], tag: "versions"),
    call!("post" "/worker/api/v2/workers/{key}/versions/{n}/rollback" "rollBack" "Makes a copy of a version the current one", &[Answer(200, "The version that was made.", Json("Version"))], tag: "versions", refusals: &[400, 401, 403, 404, 409, 503]),
    call!("get" "/worker/api/v2/workers/{key}/secrets" "secrets" "The names of a worker's secrets", &[Answer(200, "The names; values are never told.", Json("SecretNames"))], tag: "secrets"),
    call!("put" "/worker/api/v2/workers/{key}/secrets/{name}" "setSecret" "Sets a secret", DONE, tag: "secrets", body: Json("SecretValue"), refusals: SECRET),
    call!("delete" "/worker/api/v2/workers/{key}/secrets/{name}" "removeSecret" "Removes a secret", DONE, tag: "secrets", refusals: DELETE),
    call!("get" "/worker/api/v2/tokens" "tokens" "The tokens, without what proves them", &[Answer(200, "The tokens.", Json("TokenList"))], tag: "tokens", refusals: LIST),
    call!("post" "/worker/api/v2/tokens" "issueToken" "Issues a token", &[Answer(201, "The token; its text is told this once.", Json("IssuedToken"))], tag: "tokens", body: Json("NewToken"), refusals: NEW),
    call!("delete" "/worker/api/v2/tokens/{id}" "revokeToken" "Revokes a token", DONE, tag: "tokens"),
    call!("get" "/worker/api/v1/actions" "actionsV1" "What can make a worker run", ACTIONS, tag: "service", query: &["projectKey"], refusals: LIST),
    call!("get" "/worker/api/v2/actions" "actionsV2" "What can make a worker run", ACTIONS, tag: "service", query: &["projectKey"], refusals: LIST),
    call!("get" "/worker/api/v1/options" "options" "What this service allows", &[Answer(200, "The options.", Json("Options"))], tag: "service", refusals: LIST),
    call!("get" "/worker/api/v1/system/readiness" "readiness" "Whether requests can be executed", &[Answer(200, "They can.", AnyJson)], tag: "service", refusals: &[503], open: true),
    call!("get" "/worker/api/v1/system/liveness" "liveness" "Whether the process lives", &[Answer(200, "It does.", AnyJson)], tag: "service", refusals: &[], open: true),
];

/// What a parameter of a query means, and its schema.
pub(super) fn query(name: &str) -> (&'static str, Value) {
    let text = json!({"type": "string"});
    let switch = json!({"type": "boolean", "default": false});
    match name {
        "projectKey" => ("Of this project alone; the project of a worker that is made.", text),
        "workerKey" => ("Of this worker alone.", text),
        "action" => ("Those of this action; the action of a worker that is made.", text),
        "keysOnly" => ("Whether only keys are answered.", switch),
        "showTestRun" => ("Whether tests are among them.", switch),
        "enabled" => (
            "Whether a worker that is made may be executed.",
            json!({"type": "boolean", "default": true}),
        ),
        "debug" => ("Whether the worker is told that it is being debugged.", switch),
        "status" => (
            "Those that ended like this.",
            json!({"$ref": "#/components/schemas/ExecutionStatus"}),
        ),
        "from" => (
            "Those that started at this time or later.",
            json!({"$ref": "#/components/schemas/Time"}),
        ),
        "until" => (
            "Those that started before this time.",
            json!({"$ref": "#/components/schemas/Time"}),
        ),
        _ => (
            "How many at most.",
            json!({"type": "integer", "minimum": 0, "maximum": 1000}),
        ),
    }
}

//! What the bodies are. Limits come from the constants that are checked.

use super::super::secrets::{MAX_SECRET_BYTES, MAX_SECRET_NAME};
use super::super::{MAX_COMMIT_SHA_CHARS, MAX_SOURCE_CHARS, MAX_VERSION_DESCRIPTION_CHARS, MAX_VERSION_NUMBER_CHARS};
use serde_json::{Value, json};

/// All of them, by name.
pub(super) fn all() -> Value {
    let mut all = json!({});
    for part in [common(), deployment(), workers(), execution(), service()] {
        if let (Some(all), Value::Object(part)) = (all.as_object_mut(), part) {
            all.extend(part);
        }
    }
    all
}

/// An object; those of `required` are always there.
fn object(required: &[&str], properties: &Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

fn list(of: &str) -> Value {
    json!({"type": "array", "items": to(of)})
}

fn to(name: &str) -> Value {
    super::reference("schemas", name)
}

fn text() -> Value {
    json!({"type": "string"})
}

fn switch() -> Value {
    json!({"type": "boolean"})
}

fn whole() -> Value {
    json!({"type": "integer"})
}

fn at_most(chars: usize) -> Value {
    json!({"type": "string", "maxLength": chars})
}

fn common() -> Value {
    json!({
        "Errors": object(&["errors"], &json!({"errors": {
            "type": "array",
            "minItems": 1,
            "items": object(&["status", "message"], &json!({"status": whole(), "message": text()})),
        }})),
        "Key": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"},
        "ActionName": {"type": "string", "enum": ["GENERIC_EVENT", "SCHEDULED_EVENT"]},
        "Action": object(&["name"], &json!({"application": {"const": "worker"}, "name": to("ActionName")})),
        "Labels": object(&[], &json!({
            "commitSha": at_most(MAX_COMMIT_SHA_CHARS),
            "description": at_most(MAX_VERSION_DESCRIPTION_CHARS),
            "versionNumber": at_most(MAX_VERSION_NUMBER_CHARS),
        })),
        "FilterCriteria": object(&[], &json!({"schedule": object(&["cron"], &json!({
            "cron": {"type": "string", "description": "Five fields.", "examples": ["0 3 * * 1-5"]},
            "timezone": {"type": "string", "description": "An IANA name.", "default": "UTC"},
        }))})),
        "Settings": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "limits": to("Limits"),
                "properties": {"type": "object", "additionalProperties": text()},
                "allowNet": {"type": "array", "items": text(), "examples": [["api.example.com", "*.example.org:8443"]]},
                "keepPayloads": {"type": "boolean", "default": true,
                    "description": "Whether payloads and results are kept in the history."},
                "httpResponses": {"type": "boolean", "default": false,
                    "description": "Whether it answers under /worker/api/v2/http/ as well."},
            },
        },
        "Limits": limits(),
        "SecretChange": object(&["key"], &json!({
            "key": {"type": "string", "minLength": 1, "maxLength": MAX_SECRET_NAME},
            "value": {"type": "string", "writeOnly": true, "description": format!("At most {MAX_SECRET_BYTES} bytes.")},
            "markedForRemoval": {"type": "boolean", "default": false},
        })),
    })
}

fn limits() -> Value {
    let from = |minimum: u64| json!({"type": "integer", "minimum": minimum});
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": "Each at most what the operator allows.",
        "properties": {
            "cpuMillis": from(1), "fuel": from(1), "timeoutMillis": from(1), "memoryBytes": from(1 << 20),
            "payloadBytes": from(0), "outputBytes": from(1), "logBytes": from(0), "logLines": from(0),
            "hostCalls": from(0), "requests": from(0), "trafficBytes": from(0),
        },
    })
}

fn deployment() -> Value {
    let deploy = |action: &str| {
        let secrets = json!({"type": ["array", "null"], "items": to("SecretChange"),
            "description": "Removals are done first, whatever their place."});
        object(
            &["key", "action"],
            &json!({
                "key": to("Key"), "description": text(), "enabled": switch(), "debug": switch(), "shared": switch(),
                "sourceCode": {"type": "string", "description": format!(
                    "At most {MAX_SOURCE_CHARS} characters, as they are or as base64 after `base64:`. A new worker needs it."
                )},
                "action": to(action), "filterCriteria": to("FilterCriteria"), "secrets": secrets,
                "projectKey": {"type": "string", "description": "Cannot be changed once it is set; empty is none."},
                "version": to("Labels"), "settings": to("Settings"),
            }),
        )
    };
    let test = |action: &str| {
        object(
            &["code", "action"],
            &json!({
                "code": at_most(MAX_SOURCE_CHARS), "action": to(action), "data": true,
                "stagedSecrets": {"type": ["array", "null"], "items": to("SecretChange")},
            }),
        )
    };
    json!({
        "DeployV1": deploy("ActionName"),
        "DeployV2": deploy("Action"),
        "TestV1": test("ActionName"),
        "TestV2": test("Action"),
    })
}

fn workers() -> Value {
    let names = json!({"type": "array", "items": object(&["key"], &json!({"key": text()}))});
    let worker = |action: &str| {
        object(
            &[
                "key",
                "description",
                "enabled",
                "debug",
                "action",
                "secrets",
                "projectKey",
                "version",
                "shared",
                "settings",
                "versionNumber",
                "revision",
                "created",
                "createdBy",
                "changed",
                "changedBy",
            ],
            &json!({
                "key": to("Key"), "description": text(), "enabled": switch(), "debug": switch(), "sourceCode": text(),
                "action": to(action), "filterCriteria": to("FilterCriteria"), "secrets": names, "projectKey": text(),
                "version": to("Labels"), "shared": switch(), "settings": to("Settings"), "versionNumber": whole(),
                "revision": whole(), "created": to("Time"), "createdBy": text(), "changed": to("Time"), "changedBy": text(),
            }),
        )
    };
    let workers = |worker: &str| {
        json!({"oneOf": [
            object(&["workers"], &json!({"workers": list(worker)})),
            object(&["keys"], &json!({"keys": list("Key")})),
        ]})
    };
    json!({
        "WorkerV1": worker("ActionName"),
        "WorkerV2": worker("Action"),
        "WorkerListV1": workers("WorkerV1"),
        "WorkerListV2": workers("WorkerV2"),
        "Version": object(&["number", "current", "version", "created", "createdBy"], &json!({
            "number": whole(), "current": switch(), "sourceCode": text(), "module": text(), "version": to("Labels"),
            "copyOf": whole(), "created": to("Time"), "createdBy": text(),
        })),
        "VersionList": object(&["versions"], &json!({"versions": list("Version")})),
        "SecretNames": object(&["secrets"], &json!({"secrets": names})),
        "SecretValue": object(&["value"], &json!({"value": {"type": "string", "writeOnly": true}})),
        "Time": {"type": "integer", "description": "Milliseconds since 1970."},
    })
}

fn execution() -> Value {
    let stats = ["cpuTimeMillis", "topMemoryUsageBytes", "executionDurationMillis"];
    let stats = object(
        &stats,
        &json!({stats[0]: whole(), stats[1]: whole(), stats[2]: whole()}),
    );
    json!({
        "ExecutionStatus": {"type": "string", "enum": ["STATUS_SUCCESS", "STATUS_FAIL"]},
        "ExecuteAnswer": object(&["executionStatus"], &json!({
            "data": true, "executionStatus": to("ExecutionStatus"), "message": text(), "error": to("Failure"),
        })),
        "Failure": object(&["code", "name", "message", "stack"], &json!({
            "code": {"type": "string", "examples": ["cpu_limit"]}, "name": text(), "message": text(),
            "stack": {"type": "array", "items": text()}, "cause": {"type": "object"}, "exitCode": whole(),
        })),
        "TestAnswer": object(&["logs"], &json!({
            "logs": text(), "genericEvent": to("ExecuteAnswer"), "scheduledEvent": to("ExecuteAnswer"),
        })),
        "HistoryEntry": object(
            &["workerKey", "workerType", "workerProjectKey", "executionStatus", "startTimeMillis", "endTimeMillis",
                "triggeredBy", "testRun", "executionResult", "executionId", "outcome", "truncated"],
            &json!({
                "workerKey": text(), "workerType": text(), "workerProjectKey": text(),
                "executionStatus": to("ExecutionStatus"), "startTimeMillis": to("Time"), "endTimeMillis": to("Time"),
                "triggeredBy": text(), "testRun": switch(), "executedVersion": text(), "traceId": text(),
                "executionPayload": true,
                "executionResult": object(&["logs", "workerStats"],
                    &json!({"result": true, "logs": text(), "workerStats": stats})),
                "executionId": text(), "outcome": text(), "truncated": switch(),
                "usage": object(&["fuel"], &json!({
                    "fuel": whole(), "cpuTimeMicros": whole(), "wallTimeMicros": whole(), "peakMemoryBytes": whole(),
                    "requests": whole(), "sentBytes": whole(), "receivedBytes": whole(),
                })),
            }),
        ),
        "History": list("HistoryEntry"),
        "Running": object(&["executions"], &json!({"executions": {"type": "array", "items": object(
            &["executionId", "workerKey", "triggeredBy", "startTimeMillis"],
            &json!({"executionId": text(), "workerKey": to("Key"), "startTimeMillis": to("Time"), "triggeredBy": text()}),
        )}})),
    })
}

fn service() -> Value {
    let token = json!({
        "id": text(), "subject": text(), "scope": text(), "createdMillis": to("Time"), "expiresMillis": to("Time"),
        "revokedMillis": to("Time"), "createdBy": text(),
    });
    let mut issued = token.clone();
    issued["token"] = text();
    let edition = [
        "maxCodeChars",
        "maxVersionNumberChars",
        "maxVersionCommitShaChars",
        "maxVersionDescriptionChars",
    ];
    let [code, number, sha, description] = edition;
    json!({
        "Actions": {"type": "array", "items": object(&["action", "description", "samplePayload", "sampleCode"], &json!({
            "action": {"oneOf": [to("ActionName"), to("Action")]},
            "description": text(), "samplePayload": text(), "sampleCode": text(), "typesDefinitions": text(),
            "supportProjects": switch(), "filterType": {"const": "SCHEDULE"}, "mandatoryFilter": switch(),
            "wikiUrl": text(), "async": switch(), "executionRequestType": text(),
        }))},
        "Options": object(&["edition"], &json!({
            "edition": object(&edition, &json!({code: whole(), number: whole(), sha: whole(), description: whole()})),
            "minArtifactoryVersionForProjectSupport": text(), "isTutorialAvailable": switch(),
            "isFeedbackEnabled": switch(), "isHistoryEnabled": switch(), "shouldEncodeSourceCodeInBase64": switch(),
        })),
        "Token": object(&["id", "subject", "scope", "createdMillis"], &token),
        "TokenList": object(&["tokens"], &json!({"tokens": list("Token")})),
        "NewToken": object(&["subject", "role"], &json!({
            "subject": text(), "role": {"type": "string", "enum": ["admin", "projectAdmin", "user"]},
            "projectKey": text(), "expiresInSeconds": {"type": "integer", "minimum": 1, "maximum": 315_360_000},
        })),
        "IssuedToken": object(&["id", "token"], &issued),
    })
}

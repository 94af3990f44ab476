//! The management API as an OpenAPI 3.1 document. `calls` has the calls as a table, `schemas` what their bodies are;
//! here the two become the document.

mod calls;
mod schemas;

use calls::{Answer, CALLS, Call, Carries};
use serde_json::{Map, Value, json};

/// The document, as JSON.
pub fn document() -> String {
    let mut paths = Map::new();
    for call in CALLS {
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        path[call.method] = operation(call);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Workers",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Small programs that run behind an HTTP endpoint, and their management. Every refusal has the \
                            body `{\"errors\":[{\"status\":…,\"message\":\"…\"}]}`, with one entry for each mistake.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token."},
                "basic": {"type": "http", "scheme": "basic", "description": "Any user name, with a token as password."},
            },
            "schemas": schemas::all(),
            "responses": refusals(),
        },
    });
    super::json(&document)
}

/// Every status with which a request can be refused, and why.
const REFUSALS: [(u16, &str); 13] = [
    (
        400,
        "The path, the query or the body is malformed; each mistake has its entry.",
    ),
    (401, "There are no credentials, or they are not valid."),
    (403, "These credentials do not permit this."),
    (404, "It does not exist, or belongs to another project."),
    (405, "Another method is meant; `Allow` names it."),
    (408, "The body did not arrive in time."),
    (409, "It exists already, or somebody else changed it meanwhile."),
    (413, "The body is too large."),
    (415, "The body has another content type or encoding than expected."),
    (429, "Too much at once; `Retry-After` says when to try again."),
    (502, "The worker failed, or wants to answer what cannot be answered."),
    (
        503,
        "The host starts, stops, or cannot reach its database; `Retry-After` says when to try again.",
    ),
    (504, "The worker ran out of time."),
];

/// Of every call, whatever its table says.
const INTERNAL: (u16, &str) = (500, "The host failed; its log says why.");

fn refusals() -> Value {
    let mut all = Map::new();
    for (status, description) in REFUSALS.into_iter().chain([INTERNAL]) {
        let mut response = json!({
            "description": description,
            "content": {"application/json": {"schema": reference("schemas", "Errors")}},
        });
        let header = match status {
            401 => Some("WWW-Authenticate"),
            405 => Some("Allow"),
            429 | 503 => Some("Retry-After"),
            _ => None,
        };
        if let Some(header) = header {
            response["headers"] = json!({header: {"schema": {"type": "string"}}});
        }
        all.insert(format!("Refused{status}"), response);
    }
    all.into()
}

fn operation(call: &Call) -> Value {
    let mut responses = Map::new();
    for Answer(status, description, carries) in call.answers {
        let mut response = json!({"description": description});
        if let Some(content) = content(*carries) {
            response["content"] = content;
        }
        if call.headers {
            response["headers"] = execution_id();
        }
        responses.insert(status.to_string(), response);
    }
    if let Some(description) = call.any {
        let default = json!({"description": description, "content": {"*/*": {}}, "headers": execution_id()});
        responses.insert("default".to_owned(), default);
    }
    let own = |status: &u16| !call.answers.iter().any(|Answer(answer, ..)| answer == status);
    for status in call
        .refusals
        .iter()
        .chain(&[405, INTERNAL.0])
        .filter(|status| own(status))
    {
        responses.insert(status.to_string(), reference("responses", &format!("Refused{status}")));
    }
    responses.sort_keys();
    let mut operation = json!({
        "operationId": call.id,
        "tags": [call.tag],
        "summary": call.summary,
        "responses": responses,
    });
    let parameters = parameters(call);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(content) = content(call.body) {
        operation["requestBody"] = json!({"required": call.body_required, "content": content});
    }
    if call.open {
        operation["security"] = json!([]);
    }
    operation
}

fn execution_id() -> Value {
    json!({"X-Execution-Id": {"description": "Leads to the entry of the history.", "schema": {"type": "string"}}})
}

fn content(carries: Carries) -> Option<Value> {
    let (media, schema) = match carries {
        Carries::Nothing => return None,
        Carries::Json(name) => ("application/json", reference("schemas", name)),
        Carries::AnyJson => ("application/json", json!(true)),
        Carries::Of(media) => (media, json!({})),
    };
    Some(json!({media: {"schema": schema}}))
}

fn reference(of: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{of}/{name}")})
}

/// Those in the path, which the path itself names, and those of the query.
fn parameters(call: &Call) -> Vec<Value> {
    let in_path = call.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let path = in_path.map(|name| {
        let schema = match name {
            "n" => json!({"type": "integer", "minimum": 1}),
            "key" => reference("schemas", "Key"),
            _ => json!({"type": "string"}),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    let query = call.query.iter().map(|name| {
        let (description, schema) = calls::query(name);
        json!({"name": name, "in": "query", "description": description, "schema": schema})
    });
    path.chain(query).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn parsed() -> Value {
        serde_json::from_str(&document()).unwrap()
    }

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn references_resolve_and_every_schema_is_used() {
        let document = parsed();
        assert_eq!(document["openapi"], "3.1.0");
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in &found {
            let target = reference
                .strip_prefix('#')
                .and_then(|pointer| document.pointer(pointer));
            assert!(target.is_some(), "{reference}");
        }
        for kind in ["schemas", "responses"] {
            for name in document["components"][kind].as_object().unwrap().keys() {
                let reference = format!("#/components/{kind}/{name}");
                assert!(found.contains(&reference.as_str()), "{name} is not used");
            }
        }
    }

    #[test]
    fn operations_are_named_and_answered() {
        let document = parsed();
        let mut ids = BTreeSet::new();
        let mut count = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                count += 1;
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
                let responses = operation["responses"].as_object().unwrap();
                let good = |status: &String| status.starts_with('2') || status == "default";
                assert!(responses.keys().any(good), "{method} {path} has no success");
                let open = operation.get("security").is_some();
                assert_eq!(open, !responses.contains_key("401"), "{method} {path}");
                let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
                let required = parameters.iter().filter(|one| one["in"] == "path").count();
                assert_eq!(required, path.matches('{').count(), "{path}");
                let (media, status) = (operation.pointer("/requestBody/content"), "413");
                assert_eq!(media.is_some(), responses.contains_key(status), "{method} {path}");
            }
        }
        // None was written over another.
        assert_eq!(count, CALLS.len());
    }
}

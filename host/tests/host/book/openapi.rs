//! The calls and the schemas of the OpenAPI document, written as tables.

use super::command_line::plain;
use serde_json::Value;
use std::fmt::Write;

fn document() -> Value {
    serde_json::from_str(&host::api::openapi::document()).unwrap()
}

/// The calls of the OpenAPI document, by what they are about.
pub fn calls() -> String {
    let document = document();
    let mut by_tag: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            let names = |place: &str| {
                let parameters = call["parameters"].as_array().into_iter().flatten();
                let named = parameters.filter(|parameter| parameter["in"] == place);
                named
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            };
            let query = names("query");
            let query = if query.is_empty() {
                String::new()
            } else {
                format!("?{}", query.join("&"))
            };
            let body = body(&call["requestBody"]);
            let body = if body.is_empty() {
                body
            } else {
                format!(" Body: {body}.")
            };
            let answers = call["responses"].as_object().unwrap().iter().map(|(status, answer)| {
                let content = self::body(answer);
                match content.is_empty() {
                    true => format!("`{status}`"),
                    false => format!("`{status}` {content}"),
                }
            });
            let tag = call["tags"][0].as_str().unwrap().to_owned();
            let row = format!(
                "| `{} {path}{query}` | {}.{body} | {} |\n",
                method.to_uppercase(),
                call["summary"].as_str().unwrap(),
                answers.collect::<Vec<_>>().join(", ")
            );
            match by_tag.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, rows)) => rows.push_str(&row),
                None => by_tag.push((tag, row)),
            }
        }
    }
    let mut text = String::new();
    for (tag, rows) in by_tag {
        let _ = write!(
            text,
            "\n### {tag}\n\n| call | what | answers |\n| --- | --- | --- |\n{rows}"
        );
    }
    text
}

/// What a body is, by the name of its schema or its type.
fn body(of: &Value) -> String {
    let Some(content) = of["content"].as_object() else {
        return String::new();
    };
    let one = content
        .iter()
        .map(|(media, content)| match content["schema"]["$ref"].as_str() {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap_or_default();
                format!("[{name}](#{})", name.to_lowercase())
            }
            None if media == "application/json" => "JSON".to_owned(),
            None if media == "*/*" => "anything".to_owned(),
            None => format!("`{media}`"),
        });
    one.collect::<Vec<_>>().join(" or ")
}

/// The schemas, each with its fields.
pub fn schemas() -> String {
    let document = document();
    let mut text = String::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let about = schema["description"]
            .as_str()
            .map(|about| format!("{}\n\n", plain(about)))
            .unwrap_or_default();
        let _ = write!(text, "\n### {name}\n\n{about}");
        match fields(schema) {
            fields if fields.is_empty() => {
                let _ = writeln!(text, "A {}.", kind(schema));
            }
            fields => {
                let _ = write!(text, "| field | type | what |\n| --- | --- | --- |\n{fields}");
            }
        }
    }
    text
}

fn fields(schema: &Value) -> String {
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|required| required.iter().any(|known| known == name))
    };
    let fields = schema["properties"].as_object().into_iter().flatten();
    let row = |(name, field): (&String, &Value)| {
        let told = field["description"].as_str().map(plain).unwrap_or_default();
        let optional = if required(name) { "" } else { ", optional" };
        format!("| `{name}` | {}{optional} | {told} |\n", kind(field))
    };
    fields.map(row).collect()
}

/// A type in a few words.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for any in ["oneOf", "anyOf"] {
        if let Some(all) = schema[any].as_array() {
            return all.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" => match schema["additionalProperties"].as_object() {
            Some(_) => format!("object of {}", kind(&schema["additionalProperties"])),
            None => match schema["properties"].as_object() {
                Some(fields) => {
                    let field = |(name, field): (&String, &Value)| format!("`{name}`: {}", kind(field));
                    format!("object of {}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
                }
                None => "object".to_owned(),
            },
        },
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(one);
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any JSON".to_owned(),
    }
}

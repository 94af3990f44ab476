//! Asks the host for everything it has. `.ci/languages` runs it in the host, with a server for the platform.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use worker::{Context, Redirect, Result};

fn handle(context: Context, data: Value) -> Result<Value> {
    match data["what"].as_str().unwrap_or_default() {
        "facts" => {
            worker::error!("a line\nand another");
            worker::warn!("hm");
            worker::debug!("<3>no error");
            let remaining = context.remaining()?;
            context.wait(Duration::from_millis(30))?;
            Ok(json!({
                "secret": context.secret("key")?,
                "property": context.property("region")?,
                "missing": context.secret("region").err().map(|error| error.to_string()),
                "baseUrl": context.base_url()?.is_some(),
                "platformToken": context.platform_token()?,
                "waited": (remaining - context.remaining()?).as_millis() >= 30,
                "random": worker::random::<32>() != worker::random::<32>(),
            }))
        }
        "state" => {
            let state = context.state();
            state.set("runs", 1)?;
            state.set("gone", "x")?;
            state.delete("gone")?;
            let refused = state.set("long", "x".repeat(251)).err();
            let refused = refused.map(|error| [error.name().to_owned(), error.to_string()]);
            Ok(json!({ "all": state.all()?, "refused": refused }))
        }
        "requests" => {
            let echo = context
                .platform("POST", "/echo?a=1")
                .header("X-One", "1")
                .json(&json!({ "b": 2 }))
                .send()?;
            let outside = data["outside"].as_str().unwrap_or_default();
            let elsewhere = context.fetch("GET", outside).redirect(Redirect::Manual).send()?;
            let large = context.platform("GET", "/large").send()?;
            Ok(json!({
                "echo": echo.json::<Value>()?,
                "elsewhere": [elsewhere.status, elsewhere.header("location")],
                "large": large.body.len(),
            }))
        }
        "refused" => Ok(json!(context.platform("GET", "/missing?token=1").send()?.status)),
        "forbidden" => Ok(json!(
            context
                .fetch("GET", "https://forbidden.example/?token=1")
                .send()?
                .status
        )),
        "join" => {
            let began = Instant::now();
            let started = (0..4).map(|n| context.platform("GET", &format!("/slow?{n}")).start());
            let started = started.collect::<Result<Vec<_>, _>>()?;
            // One that nobody waits for holds up nobody.
            drop(context.platform("GET", "/slow?never").start()?);
            let bodies: Vec<Value> = worker::join_all(started)
                .into_iter()
                .map(|answer| answer.and_then(|answer| answer.json()))
                .collect::<Result<_, _>>()?;
            Ok(json!({ "bodies": bodies, "together": began.elapsed() < Duration::from_millis(900) }))
        }
        "panic" => panic!("index {} of nothing", data["index"]),
        "overflow" => Ok(json!([1][usize::try_from(data["index"].as_u64().unwrap_or(7))?])),
        "number" => Ok(json!(data["text"].as_str().unwrap_or_default().parse::<u32>()?)),
        what => Err(format!("{what:?} is nothing").into()),
    }
}

worker::main!(handle);

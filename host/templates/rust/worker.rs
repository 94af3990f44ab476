//! Called once per request, in a sandbox of its own.
//!
//! `cargo test` runs the tests natively. Once: `rustup target add wasm32-wasip1`; then
//! `cargo build --release --target wasm32-wasip1` makes the module that manifest.json names.

use serde::{Deserialize, Serialize};
use worker::{Context, Error, Result};

#[derive(Deserialize)]
struct Payload {
    name: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Greeting {
    message: String,
    greetings: u32,
}

fn handle(context: Context, payload: Option<Payload>) -> Result<Greeting> {
    let name = payload.and_then(|payload| payload.name).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::new(
            "TypeError",
            r#"The payload needs a name, such as {"name": "you"}."#,
        )
        .into());
    }
    let state = context.state();
    let greetings = state
        .get("greetings")?
        .map_or(Ok(0), |text| text.parse::<u32>())?
        + 1;
    state.set("greetings", greetings)?;
    worker::info!("greeting number {greetings}");
    let message = format!("Hello {name}");
    Ok(Greeting { message, greetings })
}

worker::main!(handle);

#[cfg(test)]
mod tests {
    use super::*;
    use worker::testing::Mock;

    fn payload(name: &str) -> Option<Payload> {
        let name = Some(name.to_owned());
        Some(Payload { name })
    }

    #[test]
    fn greets_by_name() {
        let mock = Mock::new();
        let greeting = handle(mock.context(), payload(" you ")).unwrap();
        assert_eq!(
            (greeting.message.as_str(), greeting.greetings),
            ("Hello you", 1)
        );
        assert_eq!(mock.logs()[0].1, "greeting number 1");
    }

    #[test]
    fn counts_its_greetings_from_one_execution_to_the_next() {
        let mock = Mock::new().state("greetings", 41);
        assert_eq!(
            handle(mock.context(), payload("you")).unwrap().greetings,
            42
        );
        assert_eq!(mock.state_after()["greetings"], "42");
    }

    #[test]
    fn needs_a_name() {
        for payload in [None, payload(" ")] {
            let error = handle(Mock::new().context(), payload).unwrap_err();
            assert!(error.to_string().contains("needs a name"), "{error}");
        }
    }
}

//! What `main!` makes a program of: payload from stdin, handler, value to stdout, exit code.

use crate::Context;
use crate::failure::{EXCEPTION, Failure, INVALID_OUTPUT};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::type_name;
use std::cell::Cell;
use std::io::{Read, Write};

/// What a handler gave, until it is ended. There are three ways to, and the type says which: the compiler looks for a
/// method of the value first, then of `&` it, then of `&mut` it.
pub struct Returned<R>(Cell<Option<R>>);

/// Runs a worker, and ends the process if it fails.
pub fn run(worker: impl FnOnce(Context, &[u8]) -> Result<Vec<u8>, Failure>) {
    // Natively the usual report of a panic is of more use.
    if cfg!(target_family = "wasm") {
        std::panic::set_hook(Box::new(|panic| {
            let message = panic.payload_as_str().unwrap_or("a value that cannot be shown");
            exit(&Failure::panicked(message, panic.location()));
        }));
    }
    let mut payload = Vec::new();
    // A read that fails leaves what was read: reading it as JSON says what is wrong with it.
    let _ = std::io::stdin().read_to_end(&mut payload);
    match worker(Context::of_process(), &payload) {
        Ok(value) => write(&value),
        Err(failure) => exit(&failure),
    }
}

/// Calls the handler with the payload as it wants it.
pub fn call<T: DeserializeOwned, R>(
    handler: impl FnOnce(Context, T) -> R,
    context: Context,
    payload: &[u8],
) -> Result<Returned<R>, Failure> {
    let fault = |message| Failure::plain(EXCEPTION, "PayloadError", message);
    let data = if payload.is_empty() {
        // As JavaScript has `undefined`; what can be nothing can be read from null.
        serde_json::from_slice(b"null").map_err(|_| {
            let wanted = type_name::<T>().rsplit("::").next().unwrap_or_default();
            fault(format!("the worker needs a payload, a {wanted}"))
        })?
    } else {
        serde_json::from_slice(payload)
            .map_err(|error| fault(format!("the payload is not what the worker takes: {error}")))?
    };
    Ok(Returned(Cell::new(Some(handler(context, data)))))
}

type Boxed = Box<dyn std::error::Error>;
type BoxedThreaded = Box<dyn std::error::Error + Send + Sync>;

impl<R: Serialize> Returned<Result<R, BoxedThreaded>> {
    /// The document to write.
    pub fn end(self) -> Result<Vec<u8>, Failure> {
        // The one box of errors that `Into` does not lead from to the other.
        judge(self.0.into_inner(), |error| error)
    }
}

/// Of handlers that can fail. The bounds are the method's: what fails otherwise must not be taken for [`Plain`].
pub trait Fallible<R, E> {
    /// The document to write.
    fn end(self) -> Result<Vec<u8>, Failure>
    where
        R: Serialize,
        E: Into<Boxed>;
}

impl<R, E> Fallible<R, E> for &Returned<Result<R, E>> {
    fn end(self) -> Result<Vec<u8>, Failure>
    where
        R: Serialize,
        E: Into<Boxed>,
    {
        judge(self.0.take(), Into::into)
    }
}

/// Of handlers that cannot fail.
pub trait Plain {
    /// The document to write.
    fn end(self) -> Result<Vec<u8>, Failure>;
}

impl<R: Serialize> Plain for &mut Returned<R> {
    fn end(self) -> Result<Vec<u8>, Failure> {
        self.0.take().as_ref().map_or(Ok(Vec::new()), document)
    }
}

fn judge<R: Serialize, E>(returned: Option<Result<R, E>>, boxed: impl FnOnce(E) -> Boxed) -> Result<Vec<u8>, Failure> {
    match returned {
        None => Ok(Vec::new()),
        Some(Ok(value)) => document(&value),
        Some(Err(error)) => Err(Failure::of(&*boxed(error), type_name::<E>())),
    }
}

/// The value as JSON; nothing for a value that is nothing, such as `()`.
fn document<R: Serialize>(value: &R) -> Result<Vec<u8>, Failure> {
    let json = serde_json::to_vec(value).map_err(|error| Failure::plain(INVALID_OUTPUT, "TypeError", error))?;
    if size_of::<R>() == 0 && json == b"null" {
        return Ok(Vec::new());
    }
    Ok(json)
}

fn exit(failure: &Failure) -> ! {
    write(&failure.to_json());
    std::process::exit(failure.code)
}

/// Writes all in one call. A write that fails has met the host's limit, and the host knows.
fn write(document: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    // Standard output keeps what follows the last end of a line.
    let _ = stdout.write_all(document).and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Mock;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    /// The document, or the exit code with name and message.
    macro_rules! ended {
        ($handler:expr, $payload:expr) => {{
            let end = || call($handler, Mock::new().context(), $payload.as_bytes())?.end();
            match end() {
                Ok(document) => String::from_utf8(document).unwrap(),
                Err(failure) => {
                    let told: Value = serde_json::from_slice(&failure.to_json()).unwrap();
                    format!("{} {} {}", failure.code, told["name"], told["message"])
                }
            }
        }};
    }

    #[test]
    fn a_value_is_written_and_nothing_is_nothing() {
        assert_eq!(ended!(|_, data: Value| data, r#"{"a":[1]}"#), r#"{"a":[1]}"#);
        assert_eq!(ended!(|_, n: u8| Ok::<_, String>(n + 1), "1"), "2");
        assert_eq!(ended!(|_, (): ()| (), ""), "");
        assert_eq!(ended!(|_, (): ()| Ok::<_, String>(()), ""), "");
        assert_eq!(ended!(|_, _: Value| None::<u8>, "1"), "null");
        assert_eq!(ended!(|_, data: Option<u8>| data.is_none(), ""), "true");
    }

    #[test]
    fn what_fails_has_an_exit_code_and_a_reason() {
        #[derive(Debug, serde::Deserialize)]
        struct Cart {
            #[expect(dead_code, reason = "only read")]
            lines: u8,
        }
        let name = |_, data: Value| Err::<(), _>(data.to_string());
        assert_eq!(ended!(name, "1"), r#"1 "Error" "1""#);
        let parse = |_, data: String| data.parse::<u8>();
        assert_eq!(
            ended!(parse, "\"x\""),
            r#"1 "ParseIntError" "invalid digit found in string""#
        );
        let boxed = |_, data: String| -> crate::Result<u8> { Ok(data.parse()?) };
        let threaded = |_, _: Value| Err::<u8, Box<dyn std::error::Error + Send + Sync>>("no".into());
        assert_eq!(ended!(threaded, "1"), r#"1 "Error" "no""#);
        assert_eq!(ended!(boxed, "\"x\""), r#"1 "Error" "invalid digit found in string""#);
        assert_eq!(
            ended!(|_, _: Cart| (), ""),
            r#"1 "PayloadError" "the worker needs a payload, a Cart""#
        );
        assert_eq!(
            ended!(|_, _: Cart| (), "{}"),
            r#"1 "PayloadError" "the payload is not what the worker takes: missing field `lines` at line 1 column 2""#
        );
        let keys = |_, _: Value| BTreeMap::from([((1, 2), 3)]);
        assert_eq!(ended!(keys, "1"), r#"3 "TypeError" "key must be a string""#);
        assert_eq!(ended!(|_, _: Value| json!({ "Err": 1 }), "1"), r#"{"Err":1}"#);
    }
}

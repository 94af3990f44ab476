//! Attacks on the host. After each it is the same process, answers the next `echo` at once, and holds what it held before.

#[path = "hostile/build.rs"]
mod build;
#[path = "hostile/guest.rs"]
mod guest;
#[path = "hostile/http1.rs"]
mod http1;
#[path = "hostile/http2.rs"]
mod http2;
#[path = "hostile/load.rs"]
mod load;
#[path = "hostile/secrets.rs"]
mod secrets;

use super::api::{deploy_body, start};
use super::client::Answer;
use super::server::{Server, TOKEN, request};
use serde_json::json;

/// What memory may come to more: what allocators keep, and what slots of the pool keep between executions.
const SOME: usize = 128 << 20;

/// A server with `echo` and `any`, which runs its payload as the body of a handler; both have been executed, so that it
/// holds what it always will.
fn besieged(arguments: &[&str]) -> Server {
    // Little fuel and much time: however busy the machine is, the fuel decides.
    let all = ["--fuel", "1_000_000_000", "--timeout", "60s"].iter().chain(arguments);
    let arguments: Vec<String> = all.map(|&argument| argument.to_owned()).collect();
    let server = start(&arguments);
    let any = "const Handler: any = Object.getPrototypeOf(async () => {}).constructor;\n\
        export default (context: any, body: string) => new Handler('context', body)(context)";
    super::api::create(&server, &deploy_body("any", any));
    super::api::create(&server, &deploy_body("echo", super::api::ECHO));
    assert_eq!(server.execute("any", "\"return 7\"").json()["data"], 7);
    server.is_well();
    server
}

/// Executes `any` with this as the body of its handler.
fn run(server: &Server, body: &str) -> Answer {
    server.connect().ask(request("any", &json!(body).to_string()))
}

/// Uploads a module.
fn upload(server: &Server, key: &str, module: &[u8]) -> Answer {
    let head = format!(
        "PUT /worker/api/v2/workers/{key}/module HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/wasm\r\nContent-Length: {}\r\n\r\n",
        module.len()
    );
    server.connect().ask([head.as_bytes(), module].concat())
}

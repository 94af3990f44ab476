//! The limit that everything is compared with: the same answers from hyper alone, with native code instead of workers.

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves until it is ended.
pub async fn serve(port: u16) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A client that goes away is its own affair.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(respond)));
    }
}

async fn respond(request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let is_cpu = request.uri().path() == "/cpu";
    let payload: Value = serde_json::from_slice(&request.into_body().collect().await?.to_bytes())?;
    let data = if is_cpu { cpu()? } else { payload };
    let body = serde_json::to_vec(&json!({"data": data, "executionStatus": "STATUS_SUCCESS"}))?;
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Full::new(body.into()))?)
}

#[derive(Deserialize, Serialize)]
struct Item {
    id: u32,
    v: u32,
    name: String,
}

/// `cpu()` of `peers/core.js`.
fn cpu() -> anyhow::Result<Value> {
    let mut seed: u32 = 12345;
    let mut items: Vec<Item> = (0..200)
        .map(|id| {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345) & 0x7fff_ffff;
            let name = format!("item-{id}");
            Item {
                id,
                v: seed % 100_000,
                name,
            }
        })
        .collect();
    items.sort_by_key(|item| item.v);
    let text = serde_json::to_string(&items)?;
    let items: Vec<Item> = serde_json::from_str(&text).context("it was written a line above")?;
    let sum: u64 = (0..)
        .zip(&items)
        .map(|(index, item)| u64::from(item.v) * (index & 7))
        .sum();
    Ok(json!({"fib": fib(std::hint::black_box(25)), "len": text.len(), "sum": sum}))
}

fn fib(n: u32) -> u32 {
    if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sum_is_that_of_the_script() {
        assert_eq!(super::cpu().unwrap()["sum"], 36_193_285);
    }
}

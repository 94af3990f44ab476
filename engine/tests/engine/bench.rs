//! Not a benchmark, but the order of magnitude that a change must not lose unnoticed.

use crate::fixture::{run, worker};

#[tokio::test]
async fn one_echo_costs_little_fuel() {
    let worker = worker("export default async (context: unknown, data: unknown) => { return data; }").await;
    let fuel = run(&worker, r#"{"foo":"bar"}"#).await.usage.fuel;
    assert!(fuel < 60_000, "{fuel}");
    eprintln!("one echo burns {fuel} fuel");
}

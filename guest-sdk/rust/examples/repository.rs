//! What kind of repository it is, and how often it was asked for.

use serde::{Deserialize, Serialize};
use worker::Context;

#[derive(Deserialize)]
struct Payload {
    repo: String,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(rename = "packageType")]
    kind: String,
}

#[derive(Serialize)]
struct Found {
    kind: String,
    runs: u32,
}

fn handle(context: Context, Payload { repo }: Payload) -> worker::Result<Found> {
    let [repository, ping] = worker::join([
        context
            .platform("GET", &format!("/artifactory/api/repositories/{repo}"))
            .start()?,
        context.platform("GET", "/artifactory/api/system/ping").start()?,
    ]);
    worker::info!("the platform says {}", ping?.text());
    let Repository { kind } = repository?.json()?;
    let runs = context.state().get("runs")?.map_or(Ok(0), |runs| runs.parse::<u32>())? + 1;
    context.state().set("runs", runs)?;
    Ok(Found { kind, runs })
}

worker::main!(handle);

#[cfg(test)]
mod tests {
    use super::*;
    use worker::testing::Mock;

    #[test]
    fn counts_its_runs() {
        let mock = Mock::new()
            .state("runs", 1)
            .answer("GET /artifactory/api/repositories/a", 200, r#"{"packageType":"npm"}"#)
            .answer("GET /artifactory/api/system/ping", 200, "OK");
        let found = handle(mock.context(), Payload { repo: "a".into() }).unwrap();
        assert_eq!((found.kind.as_str(), found.runs), ("npm", 2));
        assert_eq!(mock.requests().len(), 2);
    }
}

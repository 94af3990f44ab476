//! How often executions begin, and workers that fail.

use super::api::{ECHO, as_admin, call, create, deploy_body, start, token};
use super::client::Answer;
use super::server::TOKEN;
use std::time::{Duration, Instant};

#[test]
fn rates_obeyed_and_violated() {
    const RATE: u32 = 3;
    for flag in ["--caller-rate", "--worker-rate"] {
        let server = start(&[flag.to_owned(), RATE.to_string()]);
        let alice = token(&server, &["--admin"]);
        for key in ["a", "b"] {
            create(&server, &deploy_body(key, ECHO));
        }
        let execute = |key: &str, token: &str| call(&server, "POST", &format!("v1/execute/{key}"), token, "");
        // One caller of two workers, or two callers of one.
        let asks = match flag {
            "--caller-rate" => [("a", alice.as_str()), ("b", &alice)],
            _ => [("a", alice.as_str()), ("a", TOKEN)],
        };
        let begun = Instant::now();
        let answers: Vec<Answer> = (0..30)
            .map(|n| asks[n % 2])
            .map(|(key, token)| execute(key, token))
            .collect();
        let most = f64::from(RATE) * (1.0 + begun.elapsed().as_secs_f64());
        let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert!(
            done.len() >= 3 && done.len() as f64 <= most,
            "{flag}: {} of {most}",
            done.len()
        );
        assert!(!refused.is_empty(), "{flag}");
        for answer in refused {
            assert_eq!(
                (answer.status, answer.header("retry-after")),
                (429, Some("1")),
                "{flag}"
            );
        }
        assert_eq!(
            execute("b", TOKEN).status,
            200,
            "{flag}: another caller, another worker"
        );
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(execute("a", &alice).status, 200, "{flag}");
    }
}

#[test]
fn a_worker_that_fails_pauses_until_it_is_mended() {
    let server = start(&["--back-off".to_owned()]);
    let source = "export default (_, data) => { if (data) throw new Error('no'); return { executionStatus: 2 } }";
    create(&server, &deploy_body("w", source));
    let execute = |body: &str| call(&server, "POST", "v1/execute/w", TOKEN, body);
    let fail = |times: u32| (0..times).for_each(|_| assert_eq!(execute("1").json()["error"]["code"], "exception"));
    fail(9);
    // A success, even if the worker says of it that it is none, and the count begins anew.
    assert_eq!(execute("").json()["executionStatus"], "STATUS_FAIL");
    fail(10);
    let paused = execute("");
    assert_eq!((paused.status, paused.header("retry-after")), (503, Some("1")));
    let message = paused.json()["errors"][0]["message"].clone();
    assert_eq!(message, "The worker w failed too often and is not executed for a while");
    std::thread::sleep(Duration::from_millis(1100));
    fail(1);
    let paused = execute("");
    assert_eq!((paused.status, paused.header("retry-after")), (503, Some("2")));
    let saved = as_admin(&server, "PUT", "v2/workers", &deploy_body("w", ECHO));
    assert_eq!(saved.status, 204);
    assert_eq!(execute("1").json()["data"], 1);
}

use super::super::tests::KEYS;
use super::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// An issuer: what it publishes, or why it cannot; how often it was asked.
struct Issuer {
    document: Mutex<Result<Value, &'static str>>,
    asked: AtomicU64,
    /// Held to let it wait.
    hold: tokio::sync::Mutex<()>,
}

fn set(ids: &[&str]) -> Value {
    json!({"keys": ids.iter().map(|id| KEYS.ed.jwk(id)).collect::<Vec<_>>()})
}

fn issuer(ids: &[&str]) -> (Arc<Issuer>, Arc<Jwks>) {
    let issuer = Arc::new(Issuer {
        document: Mutex::new(Ok(set(ids))),
        asked: AtomicU64::new(0),
        hold: tokio::sync::Mutex::default(),
    });
    let asked = issuer.clone();
    let jwks = Jwks::new(Box::new(move || {
        let issuer = asked.clone();
        Box::pin(async move {
            issuer.asked.fetch_add(1, Ordering::Relaxed);
            let _hold = issuer.hold.lock().await;
            let document = issuer.document.lock().unwrap().clone();
            document
                .map(|document| document.to_string().into_bytes())
                .map_err(anyhow::Error::msg)
        })
    }));
    (issuer, jwks)
}

impl Issuer {
    fn publishes(&self, document: Result<Value, &'static str>) {
        *self.document.lock().unwrap() = document;
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// How many keys have this id.
async fn number(jwks: &Arc<Jwks>, id: &str, now: Instant) -> anyhow::Result<usize> {
    jwks.find(Some(id), Algorithm::EdDSA, now).await.map(|keys| keys.len())
}

/// Lets what is under way beside us end.
async fn settle(jwks: &Jwks) {
    tokio::task::yield_now().await;
    drop(jwks.gate.lock().await);
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn keys_are_fetched_once_for_all() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    let hold = issuer.hold.lock().await;
    let many: Vec<_> = (0..50)
        .map(|_| {
            let jwks = jwks.clone();
            tokio::spawn(async move { number(&jwks, "a", now).await.unwrap() })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(hold);
    for one in many {
        assert_eq!(one.await.unwrap(), 1);
    }
    assert_eq!(number(&jwks, "a", now + FRESH - SECOND).await.unwrap(), 1);
    settle(&jwks).await;
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    issuer.publishes(Ok(set(&["a", "b"])));
    assert_eq!(number(&jwks, "b", now + RETRY).await.unwrap(), 1);
    assert_eq!(number(&jwks, "a", now + RETRY).await.unwrap(), 1);
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn made_up_keys_cause_few_fetches() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    for tenth in 0..300 {
        assert_eq!(
            number(&jwks, &format!("x{tenth}"), now + SECOND / 10 * tenth)
                .await
                .unwrap(),
            0
        );
    }
    // At 0 s, 10 s and 20 s.
    assert_eq!(issuer.asked(), 3);
    // The clock that only goes forward was read in another order.
    assert_eq!(number(&jwks, "x", now).await.unwrap(), 0);
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn a_key_taken_back_is_refused() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    issuer.publishes(Ok(set(&["b"])));
    assert_eq!(number(&jwks, "a", now + OLD).await.unwrap(), 0);
    assert_eq!(issuer.asked(), 2);
    // That the issuer was away long ago does not help the key.
    issuer.publishes(Err("away"));
    assert_eq!(number(&jwks, "b", now + OLD * 2).await.unwrap(), 1);
    issuer.publishes(Ok(set(&["c"])));
    assert_eq!(number(&jwks, "b", now + OLD * 3).await.unwrap(), 0);
    assert_eq!(issuer.asked(), 4);
}

#[tokio::test]
async fn all_wait_to_learn_what_was_taken_back() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    issuer.publishes(Ok(set(&["b"])));
    let hold = issuer.hold.lock().await;
    let many: Vec<_> = (0..5)
        .map(|_| {
            let jwks = jwks.clone();
            tokio::spawn(async move { number(&jwks, "a", now + OLD).await.unwrap() })
        })
        .collect();
    while issuer.asked() < 2 {
        tokio::task::yield_now().await;
    }
    drop(hold);
    for one in many {
        assert_eq!(one.await.unwrap(), 0);
    }
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn keys_grow_newer_beside_requests() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    issuer.publishes(Ok(set(&["b"])));
    let hold = issuer.hold.lock().await;
    for _ in 0..3 {
        // Nobody waits for the issuer.
        assert_eq!(number(&jwks, "a", now + FRESH).await.unwrap(), 1);
        tokio::task::yield_now().await;
    }
    drop(hold);
    settle(&jwks).await;
    assert_eq!(number(&jwks, "b", now + FRESH).await.unwrap(), 1);
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn old_keys_serve_while_the_issuer_is_away_but_not_forever() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    issuer.publishes(Err("away"));
    assert_eq!(number(&jwks, "a", now + OLD).await.unwrap(), 1);
    assert_eq!(issuer.asked(), 2);
    // From now on nobody waits, even for an issuer that never answers.
    let hold = issuer.hold.lock().await;
    assert_eq!(number(&jwks, "a", now + OLD + RETRY).await.unwrap(), 1);
    tokio::task::yield_now().await;
    assert_eq!(number(&jwks, "a", now + OLD + RETRY).await.unwrap(), 1);
    drop(hold);
    settle(&jwks).await;
    assert_eq!(issuer.asked(), 3);
    assert_eq!(number(&jwks, "a", now + DEAD - SECOND).await.unwrap(), 1);
    settle(&jwks).await;
    let error = number(&jwks, "a", now + DEAD).await.unwrap_err();
    assert_eq!(error.to_string(), "no keys of the issuer: away");
    issuer.publishes(Ok(set(&["a"])));
    assert_eq!(number(&jwks, "a", now + DEAD + RETRY).await.unwrap(), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_end_a_fetch() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    let hold = issuer.hold.lock().await;
    let request = tokio::spawn({
        let jwks = jwks.clone();
        async move { number(&jwks, "a", now).await }
    });
    while issuer.asked() == 0 {
        tokio::task::yield_now().await;
    }
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    drop(hold);
    assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_has_its_time() {
    let (issuer, jwks) = issuer(&["a"]);
    let now = Instant::now();
    let _hold = issuer.hold.lock().await;
    let error = jwks.warm(now).await.unwrap_err();
    assert_eq!(error.to_string(), "no keys of the issuer: no answer within 5s");
}

#[tokio::test]
async fn a_bad_document_changes_nothing() {
    let (issuer, jwks) = issuer(&["a"]);
    let mut now = Instant::now();
    assert_eq!(jwks.warm(now).await.unwrap(), 1);
    let ed = |id: usize| KEYS.ed.jwk(&id.to_string());
    for (document, expected) in [
        (json!({"keys": []}), "none of the 0 keys"),
        (
            json!({"keys": [{"kty": "oct", "kid": "x", "k": "AAAA"}]}),
            "none of the 1 keys",
        ),
        (json!({"keys": {}}), "this is no key set"),
        (json!([]), "this is no key set"),
        (
            json!({"keys": (0..65).map(ed).collect::<Vec<_>>()}),
            "more than 64 keys",
        ),
        (
            json!({"keys": [ed(1)], "pad": "x".repeat(MAX_DOCUMENT_BYTES)}),
            "larger than 262144 bytes",
        ),
    ] {
        issuer.publishes(Ok(document));
        now += RETRY;
        let error = jwks.warm(now).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert_eq!(number(&jwks, "a", now).await.unwrap(), 1);
    }
}

#[test]
fn only_what_verifies_is_a_key() {
    let with = |mut key: Value, changes: &[(&str, Value)]| {
        for (name, value) in changes {
            key[*name] = value.clone();
        }
        key
    };
    let algorithms = |key: Value| usable(key).map(|key| key.algorithms).unwrap_or_default();
    let (rsa, p256, ed) = (KEYS.rsa.jwk("x"), KEYS.p256.jwk("x"), KEYS.ed.jwk("x"));
    assert_eq!(algorithms(rsa.clone()).len(), 6);
    assert_eq!(
        algorithms(with(rsa.clone(), &[("alg", json!("PS384"))])),
        [Algorithm::PS384]
    );
    assert_eq!(algorithms(p256.clone()), [Algorithm::ES256]);
    assert_eq!(algorithms(KEYS.p384.jwk("x")), [Algorithm::ES384]);
    assert_eq!(
        algorithms(with(ed.clone(), &[("key_ops", json!(["verify"])), ("x5t", json!("?"))])),
        [Algorithm::EdDSA]
    );
    for key in [
        json!(null),
        json!({}),
        KEYS.small_rsa.clone(),
        json!({"kty": "oct", "k": "AAAA", "alg": "HS256"}),
        with(rsa.clone(), &[("alg", json!("HS256"))]),
        with(rsa.clone(), &[("alg", json!("ES256"))]),
        with(rsa.clone(), &[("alg", json!("RSA-OAEP"))]),
        with(rsa.clone(), &[("use", json!("enc"))]),
        with(rsa.clone(), &[("key_ops", json!(["encrypt"]))]),
        with(rsa.clone(), &[("n", json!("+/+/"))]),
        with(rsa, &[("n", json!(7))]),
        with(p256.clone(), &[("crv", json!("P-521"))]),
        with(p256.clone(), &[("crv", json!("secp256k1"))]),
        with(p256, &[("alg", json!("ES384"))]),
        with(ed.clone(), &[("crv", json!("X25519"))]),
        with(ed, &[("kid", json!(7))]),
    ] {
        assert!(algorithms(key.clone()).is_empty(), "{key}");
    }
}

#[tokio::test]
async fn a_file_can_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let jwks = Jwks::new(file(path.clone()));
    let now = Instant::now();
    let error = jwks.warm(now).await.unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("jwks.json"), "{error}");
    std::fs::write(&path, set(&["a"]).to_string()).unwrap();
    assert_eq!(number(&jwks, "a", now + RETRY).await.unwrap(), 1);
    std::fs::write(&path, set(&["b"]).to_string()).unwrap();
    assert_eq!(number(&jwks, "b", now + RETRY * 2).await.unwrap(), 1);
}

//! What cannot be seen from outside.

use super::*;

async fn open(folder: &std::path::Path) -> Store {
    let config = Config {
        database: Database::Sqlite(folder.into()),
        role: OpenAs::Server,
        keys: Keys {
            current: Key::new(&[7; 32]),
            previous: Vec::new(),
        },
        timeout: Duration::from_secs(5),
        connections: 2,
    };
    Store::open(config).await.unwrap()
}

#[tokio::test]
async fn sqlite_waits_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for pool in [&store.0.write, &store.0.read] {
        let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(pool).await.unwrap();
        let (journal,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
        assert_eq!(
            (synchronous, &*journal),
            (2, "wal"),
            "FULL, so that a commit survives the loss of power"
        );
    }
}

#[tokio::test]
async fn a_full_disk_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(&store.0.write)
        .await
        .unwrap();
    let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 4));
    sqlx::query(limit).execute(&store.0.write).await.unwrap();
    let save = |key, size: usize| Save {
        key,
        mode: Mode::Create,
        definition: Definition {
            project: None,
            application: "worker".into(),
            action: "GENERIC_EVENT".into(),
            description: String::new(),
            enabled: true,
            debug: false,
            shared: false,
            filter: None,
            settings: "{}".into(),
        },
        code: Some((Code::Source("x".repeat(size)), Labels::default())),
        secrets: Vec::new(),
        by: "me",
        now: 1,
    };
    let error = store.save(save("large", 100_000)).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(store.worker("large").await.unwrap(), None);
    // What is saved after it, and after a save that is refused, is written, and not only seen by its own connection.
    store.save(save("small", 100)).await.unwrap();
    assert!(matches!(store.save(save("small", 100)).await, Err(Error::Exists)));
    store.save(save("later", 100)).await.unwrap();
    for key in ["small", "later"] {
        assert!(store.worker(key).await.unwrap().is_some(), "{key}");
    }
}

#[test]
fn an_entry_is_cut_where_it_is_longest() {
    let mut entry = Entry {
        payload: Some("p".repeat(1000)),
        result: Some("ä".repeat(MAX_ENTRY_BYTES)),
        logs: "l".repeat(MAX_ENTRY_BYTES),
        ..Entry::default()
    };
    entry.cut();
    let (payload, result) = (entry.payload.unwrap(), entry.result.unwrap());
    assert_eq!(payload.len(), 1000);
    let total = payload.len() + result.len() + entry.logs.len();
    assert!((MAX_ENTRY_BYTES - 2..=MAX_ENTRY_BYTES).contains(&total), "{total}");
    assert!(result.ends_with("ä…[truncated]") && entry.logs.ends_with("l…[truncated]"));
    assert!(entry.truncated);
}

#[test]
fn a_token_is_asked_for_by_one_and_believed_for_a_minute() {
    use std::time::Instant;
    let cache = token::Cache::default();
    let timeout = Duration::from_secs(5);
    let found = Token {
        id: "0123456789abcdef".into(),
        hash: [1; 32],
        subject: "alice".into(),
        role: "r".into(),
        created: 1,
        expires: None,
        revoked: None,
        created_by: None,
    };
    let ago = |seconds| Instant::now() - Duration::from_secs(seconds);
    let put = |token: &Option<Token>, seconds| cache.put([1; 32], token.clone(), ago(seconds));
    let get = || cache.get(&[1; 32], timeout);
    let known = Some(found.clone());
    put(&known, 58);
    assert_eq!(get(), Some((known.clone(), false)), "who comes first asks");
    assert_eq!(get(), Some((known.clone(), true)), "the others need not");
    cache.failed(&[1; 32]);
    assert_eq!(get(), Some((known.clone(), true)), "nor is it tried at once again");
    put(&known, 57);
    assert_eq!(get(), Some((known.clone(), false)));
    put(&None, 70);
    assert_eq!(get(), Some((known.clone(), true)), "an older answer does not count");
    put(&None, 0);
    assert_eq!(get(), Some((None, true)));
    let cache = token::Cache::default();
    cache.put([1; 32], known, ago(61));
    assert_eq!(cache.get(&[1; 32], timeout), None, "too old");
    cache.put([1; 32], None, ago(1));
    assert_eq!(
        cache.get(&[1; 32], timeout),
        None,
        "that there was none is not believed for longer"
    );
}

#[tokio::test]
async fn history_is_found_and_dropped_by_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let by_worker = Some("w".to_owned());
    let filter = |worker: &Option<String>, success, test_run| Filter {
        worker: worker.clone(),
        success,
        test_run,
        ..Filter::default()
    };
    let listed = |filter: Filter| filter.sql(None, 10).0;
    let cases = [
        (listed(filter(&None, None, None)), "history_by_start"),
        (listed(filter(&by_worker, Some(true), None)), "history_by_worker"),
        (listed(filter(&None, Some(false), None)), "history_failed"),
        (
            listed(filter(&by_worker, Some(false), None)),
            "history_failed_by_worker",
        ),
        (listed(filter(&None, None, Some(true))), "history_tests"),
        (
            "DELETE FROM history WHERE (started, id) > ($1, $2) AND (started, id) < ($3, $4)".into(),
            "history_by_start",
        ),
    ];
    for (sql, index) in cases {
        let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(&store.0.read).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|row| row.3).collect();
        assert_eq!(plan.len(), 1, "it sorts nothing: {plan:?}");
        assert!(format!("{} ", plan[0]).contains(&format!("INDEX {index} ")), "{plan:?}");
    }
}

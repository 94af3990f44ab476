//! What the store does when all is well.

use super::fixture::{Fixture, NOW, create, definition, entry, keys, open, save, source, token};
use futures_util::FutureExt;
use host::store::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite { $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            super::$name(super::Fixture::sqlite().unwrap()).await;
        })* }
        mod postgres { $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            let Some(fixture) = super::Fixture::postgres() else { return };
            super::$name(fixture).await;
        })* }
    };
}

on_both! {
    a_worker_comes_back_as_it_was_saved
    a_save_is_whole_or_not_at_all
    a_project_is_immutable
    workers_are_listed_by_page
    a_deleted_worker_leaves_nothing_but_history
    versions_grow_and_roll_back
    old_versions_are_dropped
    modules_stay_with_their_versions
    secrets_are_sealed_and_removed_first
    keys_rotate
    a_wrong_key_refuses_the_start
    tokens_are_found_by_their_hash
    who_hangs_up_does_not_keep_a_revocation_unseen
    a_revocation_is_seen_by_other_hosts_within_a_second
    state_is_merged_by_key_under_the_limit
    concurrent_merges_lose_nothing
    changes_are_seen_by_other_hosts_in_order
    history_is_there_within_a_second_and_filtered
    history_is_flushed_by_close
    history_is_dropped_by_age_and_count
    a_tick_is_won_once
    a_schedule_goes_with_its_worker
    one_refused_entry_does_not_take_the_others
    many_hosts_start_together
    texts_with_nul_are_refused
}

async fn a_worker_comes_back_as_it_was_saved(fixture: Fixture) {
    let store = fixture.open().await;
    let labels = Labels {
        commit_sha: "abc".into(),
        description: "first".into(),
        version_number: "1.0".into(),
    };
    let mut first = save("my-worker", Mode::Create);
    first.definition.project = Some("p".into());
    first.definition.filter = Some(r#"{"schedule":{"cron":"* * * * *"}}"#.into());
    first.code = Some((Code::Source("export default 1".into()), labels.clone()));
    first.secrets = vec![
        SecretChange::Set("b".into(), "2".into()),
        SecretChange::Set("a".into(), "1".into()),
    ];
    let expected = first.definition.clone();
    let saved = store.save(first).await.unwrap();
    assert_eq!(saved.version, 1);
    let worker = store.worker("my-worker").await.unwrap().unwrap();
    assert_eq!(worker.definition, expected);
    assert_eq!(
        (worker.revision, &*worker.created_by, worker.created),
        (saved.revision, "alice", 1000)
    );
    assert_eq!(worker.current.labels, labels);
    assert_eq!(worker.current.source.as_deref(), Some("export default 1"));
    assert_eq!(worker.secrets, ["a", "b"]);
    assert!(matches!(
        store.save(save("my-worker", Mode::Create)).await,
        Err(Error::Exists)
    ));
    assert!(matches!(
        store.save(save("other", Mode::Update(None))).await,
        Err(Error::NotFound)
    ));
    // An update without code keeps the version; one that read something older is told.
    let mut update = save("my-worker", Mode::Update(Some(saved.revision)));
    (update.code, update.by, update.now) = (None, "bob", 2000);
    update.definition.enabled = false;
    let again = store.save(update).await.unwrap();
    assert!(again.revision > saved.revision && again.version == 1);
    let worker = store.worker("my-worker").await.unwrap().unwrap();
    assert_eq!(
        (worker.created, worker.changed, &*worker.changed_by),
        (1000, 2000, "bob")
    );
    assert_eq!(
        (worker.definition.enabled, worker.definition.project.as_deref()),
        (false, Some("p"))
    );
    let stale = store.save(save("my-worker", Mode::Update(Some(saved.revision)))).await;
    assert!(matches!(stale, Err(Error::Changed)));
    assert_eq!(store.worker("none").await.unwrap(), None);
    store.revision().await.unwrap();
}

async fn a_save_is_whole_or_not_at_all(fixture: Fixture) {
    let store = fixture.open().await;
    let revision = store.revision().await.unwrap();
    let mut bad = save("w", Mode::Create);
    bad.secrets = vec![SecretChange::Set("x".repeat(1000), "v".into())];
    assert!(
        matches!(store.save(bad).await, Err(Error::Internal(_))),
        "the table's constraint holds"
    );
    assert_eq!(store.worker("w").await.unwrap(), None);
    assert_eq!(store.revision().await.unwrap(), revision);
    create(&store, "w").await;
}

async fn a_project_is_immutable(fixture: Fixture) {
    let store = fixture.open().await;
    create(&store, "w").await;
    let update = |project: Option<&str>| {
        let mut update = save("w", Mode::Update(None));
        update.definition.project = project.map(Into::into);
        store.save(update)
    };
    update(Some("p")).await.unwrap();
    update(Some("p")).await.unwrap();
    update(None).await.unwrap();
    let error = update(Some("q")).await.unwrap_err();
    assert_eq!(error.to_string(), "the project of a worker cannot be changed");
    assert_eq!(
        store.worker("w").await.unwrap().unwrap().definition.project.as_deref(),
        Some("p")
    );
}

async fn workers_are_listed_by_page(fixture: Fixture) {
    let store = fixture.open().await;
    for key in ["b", "a", "B", "_c", "d"] {
        let mut worker = save(key, Mode::Create);
        worker.definition.shared = key == "a";
        worker.definition.project = (key == "d").then(|| "p".into());
        worker.definition.action = if key == "b" { "SCHEDULED_EVENT" } else { "GENERIC_EVENT" }.into();
        worker.secrets = vec![SecretChange::Set(format!("of-{key}"), "x".into())];
        store.save(worker).await.unwrap();
    }
    let list = async |filter: WorkerFilter, after: &str| {
        let page = store.workers(&filter, after, 3).await.unwrap();
        assert!(
            page.iter()
                .all(|worker| worker.secrets == [format!("of-{}", worker.key)])
        );
        page.into_iter().map(|worker| worker.key).collect::<Vec<_>>()
    };
    assert_eq!(
        list(WorkerFilter::default(), "").await,
        ["B", "_c", "a"],
        "by bytes on both databases"
    );
    assert_eq!(list(WorkerFilter::default(), "a").await, ["b", "d"]);
    assert_eq!(
        list(
            WorkerFilter {
                shared: true,
                ..Default::default()
            },
            ""
        )
        .await,
        ["a"]
    );
    assert_eq!(
        list(
            WorkerFilter {
                project: Some("p".into()),
                ..Default::default()
            },
            ""
        )
        .await,
        ["d"]
    );
    assert_eq!(
        list(
            WorkerFilter {
                action: Some("SCHEDULED_EVENT".into()),
                ..Default::default()
            },
            ""
        )
        .await,
        ["b"]
    );
}

async fn a_deleted_worker_leaves_nothing_but_history(fixture: Fixture) {
    let store = fixture.open().await;
    let mut worker = save("w", Mode::Create);
    worker.code = Some((Code::Module(b"\0asm".to_vec()), Labels::default()));
    worker.secrets = vec![SecretChange::Set("s".into(), "x".into())];
    let first = store.save(worker).await.unwrap();
    store
        .merge_state("w", NOW, &[("k".to_owned(), Some("v".to_owned()))].into())
        .await
        .unwrap();
    store.record(entry(1));
    store.delete("w").await.unwrap();
    assert!(matches!(store.delete("w").await, Err(Error::NotFound)));
    assert_eq!(store.worker("w").await.unwrap(), None);
    assert!(store.secrets("w").await.unwrap().is_empty() && store.state("w").await.unwrap().is_empty());
    assert!(store.versions("w", None, 10).await.unwrap().is_empty());
    assert!(matches!(
        store.merge_state("w", NOW, &BTreeMap::new()).await,
        Err(Error::NotFound)
    ));
    let again = create(&store, "w").await;
    assert!(again.version == 1 && again.revision > first.revision);
    assert!(store.secrets("w").await.unwrap().is_empty() && store.state("w").await.unwrap().is_empty());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(store.history(&Filter::default(), None, 10).await.unwrap().len(), 1);
}

async fn versions_grow_and_roll_back(fixture: Fixture) {
    let store = fixture.open().await;
    create(&store, "w").await;
    for text in ["two", "three"] {
        let mut update = save("w", Mode::Update(None));
        update.code = source(text);
        store.save(update).await.unwrap();
    }
    let now = store.worker("w").await.unwrap().unwrap().revision;
    assert!(matches!(
        store.roll_back("w", now - 1, 1, "bob", 1).await,
        Err(Error::Changed)
    ));
    assert_eq!(store.roll_back("w", now, 1, "bob", 3000).await.unwrap().version, 4);
    let versions = store.versions("w", None, 10).await.unwrap();
    let shown: Vec<_> = versions
        .iter()
        .map(|v| (v.number, v.source.as_deref().unwrap(), v.copy_of))
        .collect();
    assert_eq!(
        shown,
        [
            (4, "one", Some(1)),
            (3, "three", None),
            (2, "two", None),
            (1, "one", None)
        ]
    );
    assert_eq!((versions[0].created, &*versions[0].created_by), (3000, "bob"));
    let page = store.versions("w", Some(3), 1).await.unwrap();
    assert_eq!(page.iter().map(|v| v.number).collect::<Vec<_>>(), [2]);
    assert_eq!(
        store.version("w", 2).await.unwrap().unwrap().source.as_deref(),
        Some("two")
    );
    assert_eq!(store.worker("w").await.unwrap().unwrap().current, versions[0]);
    assert!(matches!(
        store.roll_back("w", now + 1, 9, "bob", 1).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        store.roll_back("x", 1, 1, "bob", 1).await,
        Err(Error::NotFound)
    ));
    assert_eq!(store.version("w", 5).await.unwrap(), None);
}

async fn old_versions_are_dropped(fixture: Fixture) {
    let store = fixture.open().await;
    create(&store, "w").await;
    for _ in 0..VERSIONS_KEPT {
        store.save(save("w", Mode::Update(None))).await.unwrap();
    }
    let versions = store.versions("w", None, 1000).await.unwrap();
    assert_eq!(versions.len(), VERSIONS_KEPT as usize);
    assert_eq!(versions.last().unwrap().number, 2);
}

async fn modules_stay_with_their_versions(fixture: Fixture) {
    let store = fixture.open().await;
    let revision = async || store.worker("w").await.unwrap().unwrap().revision;
    create(&store, "w").await;
    let mut upload = save("w", Mode::Update(None));
    upload.code = Some((Code::Module(vec![1; 300_000]), Labels::default()));
    store.save(upload).await.unwrap();
    store.save(save("w", Mode::Update(None))).await.unwrap();
    let uploaded = store.version("w", 2).await.unwrap().unwrap();
    let hash = uploaded.module.clone().unwrap();
    assert_eq!(store.module("w", &hash).await.unwrap().unwrap(), vec![1; 300_000]);
    assert_eq!(store.module("w", &"0".repeat(64)).await.unwrap(), None);
    store.roll_back("w", revision().await, 2, "bob", 1).await.unwrap();
    let current = store.worker("w").await.unwrap().unwrap().current;
    assert_eq!((current.module, current.copy_of), (uploaded.module, Some(2)));
    for _ in 0..=VERSIONS_KEPT {
        store.save(save("w", Mode::Update(None))).await.unwrap();
    }
    assert_eq!(
        store.module("w", &hash).await.unwrap(),
        None,
        "nobody names it any more"
    );
}

async fn secrets_are_sealed_and_removed_first(fixture: Fixture) {
    let store = fixture.open().await;
    let set = |name: &str, value: &str| SecretChange::Set(name.into(), value.into());
    let remove = |name: &str| SecretChange::Remove(name.into());
    let mut worker = save("w", Mode::Create);
    worker.secrets = vec![set("a", "plain-text-1"), set("b", "")];
    store.save(worker).await.unwrap();
    // As the command line does it, and the other way round.
    store
        .change_secrets("w", &[remove("a"), set("a", "two\0"), set("c", "3"), remove("c")], 1)
        .await
        .unwrap();
    store.change_secrets("w", &[remove("never-there")], 1).await.unwrap();
    let expected = [("a", "two\0"), ("b", ""), ("c", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(store.secrets("w").await.unwrap(), expected.into());
    assert!(matches!(store.change_secrets("x", &[], 1).await, Err(Error::NotFound)));
    let other = fixture.beside().await;
    assert_eq!(other.secrets("w").await.unwrap().len(), 3);
    if fixture.is_sqlite() {
        let folder = super::fixture::sqlite_folder(&fixture.database);
        for file in folder.read_dir().unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(12).any(|window| window == b"plain-text-1"));
        }
    }
}

async fn keys_rotate(fixture: Fixture) {
    let old = fixture.open().await;
    let mut worker = save("w", Mode::Create);
    worker.secrets = vec![SecretChange::Set("a".into(), "1".into())];
    old.save(worker).await.unwrap();
    let set = [SecretChange::Set("b".into(), "2".into())];
    // Who has both keys writes with the one in use, so that who has only the old one can read it.
    let both = open(&fixture.database, OpenAs::Command, keys(2, &[1])).await.unwrap();
    both.change_secrets("w", &set, 1).await.unwrap();
    assert_eq!(old.secrets("w").await.unwrap().len(), 2);
    assert_eq!(both.rotate_key().await.unwrap(), 2);
    assert_eq!(both.secrets("w").await.unwrap().len(), 2);
    assert!(matches!(old.secrets("w").await, Err(Error::Corrupt(_))));
    let error = old.change_secrets("w", &set, 1).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    let new = open(&fixture.database, OpenAs::Command, keys(2, &[])).await.unwrap();
    assert_eq!(new.secrets("w").await.unwrap()["a"], "1");
}

async fn a_wrong_key_refuses_the_start(fixture: Fixture) {
    let _store = fixture.open().await;
    let error = open(&fixture.database, OpenAs::Command, keys(9, &[]))
        .await
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("this host has another one"), "{error}");
}

async fn tokens_are_found_by_their_hash(fixture: Fixture) {
    let store = fixture.open().await;
    // Asked for before it is there; that is not remembered.
    assert_eq!(store.token([1; 32]).await.unwrap(), None);
    let mut new = token(1, "alice");
    new.role = r#"applied-permissions/roles:p:"Project Admin""#.into();
    (new.expires, new.created_by) = (Some(2000), Some("operator".into()));
    let alice = store.add_token(new).await.unwrap();
    assert!(alice.id.len() == 16 && alice.id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!((alice.hash, alice.created, alice.expires), ([1; 32], 1000, Some(2000)));
    let other = fixture.beside().await;
    for store in [&store, &other] {
        for _ in 0..2 {
            assert_eq!(store.token([1; 32]).await.unwrap().as_ref(), Some(&alice));
        }
    }
    let again = store.add_token(token(1, "mallory")).await;
    assert!(matches!(again, Err(Error::Exists)), "{again:?}");
    let bob = store.add_token(token(2, "bob")).await.unwrap();
    store.add_token(token(3, "eve")).await.unwrap();
    let mut nearly = [2; 32];
    nearly[31] = 0;
    assert_eq!(store.token(nearly).await.unwrap(), None);
    assert_eq!(store.token([0; 32]).await.unwrap(), None);
    store.revoke_token(&bob.id, 1500).await.unwrap();
    store.revoke_token(&bob.id, 1600).await.unwrap();
    let revoked = store.token([2; 32]).await.unwrap().unwrap();
    assert_eq!((&revoked.id, revoked.revoked), (&bob.id, Some(1500)));
    assert!(matches!(store.revoke_token("none", 1).await, Err(Error::NotFound)));
    let all = store.tokens("", 2).await.unwrap();
    let rest = store.tokens(&all[1].id, 2).await.unwrap();
    assert_eq!((all.len(), rest.len()), (2, 1));
    assert!(all.iter().chain(&rest).any(|token| *token == revoked));
}

async fn a_revocation_is_seen_by_other_hosts_within_a_second(fixture: Fixture) {
    let store = fixture.open().await;
    let other = fixture.beside().await;
    let alice = store.add_token(token(1, "alice")).await.unwrap();
    let revoked = async || other.token(alice.hash).await.unwrap().unwrap().revoked.is_some();
    for _ in 0..3 {
        assert!(!revoked().await);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    store.revoke_token(&alice.id, 1).await.unwrap();
    let begun = Instant::now();
    while !revoked().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

async fn who_hangs_up_does_not_keep_a_revocation_unseen(fixture: Fixture) {
    let store = fixture.open().await;
    let other = fixture.beside().await;
    let alice = store.add_token(token(1, "alice")).await.unwrap();
    other.token(alice.hash).await.unwrap();
    store.revoke_token(&alice.id, 1).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Polled once and dropped.
    drop(other.token(alice.hash).now_or_never());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(other.token(alice.hash).await.unwrap().unwrap().revoked.is_some());
}

async fn state_is_merged_by_key_under_the_limit(fixture: Fixture) {
    let store = fixture.open().await;
    create(&store, "w").await;
    let merge = async |changes: &[(&str, Option<&str>)]| {
        let changes = changes
            .iter()
            .map(|(key, text)| ((*key).to_owned(), text.map(Into::into)))
            .collect();
        store.merge_state("w", NOW, &changes).await.unwrap()
    };
    merge(&[("a", Some("1")), ("b", Some("\0'\u{1f600}"))]).await;
    let (state, dropped) = merge(&[("b", None), ("c", Some("3"))]).await;
    assert_eq!(
        state,
        [("a", "1"), ("c", "3")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into()
    );
    assert!(dropped.is_empty());
    for number in 2..MAX_STATE_ITEMS {
        assert!(merge(&[(&format!("k{number}"), Some("x"))]).await.1.is_empty());
    }
    assert_eq!(merge(&[("late", Some("x")), ("a", Some("\0"))]).await.1, ["late"]);
    assert!(
        merge(&[("zzz", None), ("a", None), ("late", Some("x"))])
            .await
            .1
            .is_empty()
    );
    let state = store.state("w").await.unwrap();
    assert!(state.len() == MAX_STATE_ITEMS && state["late"] == "x");
}

async fn concurrent_merges_lose_nothing(fixture: Fixture) {
    let hosts = [fixture.open().await, fixture.beside().await];
    create(&hosts[0], "w").await;
    let merges = (0..MAX_STATE_ITEMS).map(|number| {
        let store = hosts[number % 2].clone();
        tokio::spawn(async move {
            for round in 0..5 {
                let change = [(format!("k{number}"), Some(format!("{round}")))].into();
                store.merge_state("w", NOW, &change).await.unwrap();
            }
        })
    });
    for merge in merges.collect::<Vec<_>>() {
        merge.await.unwrap();
    }
    let state = hosts[1].state("w").await.unwrap();
    assert!(
        state.len() == MAX_STATE_ITEMS && state.values().all(|text| text == "4"),
        "{state:?}"
    );
}

async fn changes_are_seen_by_other_hosts_in_order(fixture: Fixture) {
    let store = fixture.open().await;
    let other = fixture.beside().await;
    let start = other.revision().await.unwrap();
    create(&store, "a").await;
    create(&store, "b").await;
    store
        .merge_state("a", NOW, &[("k".to_owned(), Some(String::new()))].into())
        .await
        .unwrap();
    store
        .change_secrets("a", &[SecretChange::Set("s".into(), "x".into())], 1)
        .await
        .unwrap();
    let token = store.add_token(token(1, "alice")).await.unwrap();
    store.delete("b").await.unwrap();
    let worker = |key: &str| Change::Worker(key.into());
    let found = other.changes(start).await.unwrap();
    let gone = Change::State("b".into());
    let expected = [
        Change::State("a".into()),
        worker("a"),
        Change::Token(token.id),
        worker("b"),
        gone,
    ];
    assert_eq!(found.changes.len(), expected.len());
    assert!(
        expected.iter().all(|change| found.changes.contains(change)),
        "{found:?}"
    );
    assert_eq!(found.changes[..3], expected[..3]);
    assert!(other.changes(found.revision).await.unwrap().changes.is_empty());
    // Whoever polls while many write misses none.
    let writers = (0..4).map(|writer| {
        let store = [&store, &other][writer % 2].clone();
        tokio::spawn(async move {
            for number in 0..10 {
                create(&store, &format!("w{writer}-{number}")).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut since = found.revision;
    let mut seen = std::collections::BTreeSet::new();
    let begun = Instant::now();
    while seen.len() < 40 && begun.elapsed() < Duration::from_secs(20) {
        let found = other.changes(since).await.unwrap();
        since = found.revision;
        seen.extend(found.changes.into_iter().map(|change| format!("{change:?}")));
    }
    assert_eq!(seen.len(), 40);
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn history_is_there_within_a_second_and_filtered(fixture: Fixture) {
    let store = fixture.open().await;
    for number in 0..200 {
        let mut entry = entry(number / 2);
        entry.execution = format!("e{number}");
        entry.worker = if number % 2 == 0 { "w" } else { "v" }.into();
        entry.project = (number % 4 == 0).then(|| "p".into());
        entry.success = number % 5 != 0;
        entry.test_run = number == 7;
        store.record(entry);
    }
    let begun = Instant::now();
    while store.history(&Filter::default(), None, 1000).await.unwrap().len() < 200 {
        assert!(begun.elapsed() < Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut expected = entry(3);
    (expected.execution, expected.worker, expected.test_run) = ("e7".into(), "v".into(), true);
    let tests = Filter {
        test_run: Some(true),
        ..Filter::default()
    };
    let found = store.history(&tests, None, 1000).await.unwrap();
    assert_eq!(
        found.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>(),
        [expected]
    );
    let count = async |filter: Filter| store.history(&filter, None, 1000).await.unwrap().len();
    assert_eq!(count(Filter::default()).await, 200);
    assert_eq!(
        count(Filter {
            worker: Some("w".into()),
            ..Filter::default()
        })
        .await,
        100
    );
    assert_eq!(
        count(Filter {
            project: Some("p".into()),
            ..Filter::default()
        })
        .await,
        50
    );
    assert_eq!(
        count(Filter {
            success: Some(false),
            ..Filter::default()
        })
        .await,
        40
    );
    assert_eq!(
        count(Filter {
            test_run: Some(true),
            ..Filter::default()
        })
        .await,
        1
    );
    let all = Filter {
        worker: Some("w".into()),
        project: Some("p".into()),
        success: Some(true),
        test_run: Some(false),
        from: Some(1010),
        until: Some(1020),
    };
    assert_eq!(count(all).await, 4);
    // Page by page, with entries that started together across the border.
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = store.history(&Filter::default(), after, 7).await.unwrap();
        let Some((cursor, _)) = page.last() else { break };
        after = Some(*cursor);
        paged.extend(page.into_iter().map(|(_, entry)| entry));
    }
    assert!(paged.is_sorted_by(|one, next| one.started >= next.started));
    let mut ids: Vec<_> = paged.iter().map(|entry| &entry.execution).collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(paged.len() == 200 && ids.len() == 200);
    assert_eq!(
        store.history_counters(),
        Counters {
            written: 200,
            dropped: 0,
            waiting: 0
        }
    );
}

async fn history_is_flushed_by_close(fixture: Fixture) {
    let store = fixture.open().await;
    for number in 0..3000 {
        store.record(entry(number));
    }
    store.close(Duration::from_secs(10)).await;
    assert!(matches!(store.revision().await, Err(Error::Unavailable(_))));
    drop(store);
    let again = fixture.open().await;
    assert_eq!(again.history(&Filter::default(), None, 5000).await.unwrap().len(), 3000);
}

async fn history_is_dropped_by_age_and_count(fixture: Fixture) {
    let store = fixture.open().await;
    for number in 0..2000 {
        store.record(entry(number));
    }
    while store.history_counters().waiting > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.drop_history(0, 5000).await.unwrap(), 0);
    assert_eq!(store.drop_history(1500, 5000).await.unwrap(), 500);
    assert_eq!(store.drop_history(0, 100).await.unwrap(), 1400);
    let left = store.history(&Filter::default(), None, 1000).await.unwrap();
    assert_eq!((left.len(), left[0].1.started), (100, 2999));
    // Those that started together are told apart; those that come late are found as well.
    for number in 0..1201 {
        store.record(Entry {
            started: 500,
            execution: format!("same{number}"),
            ..entry(0)
        });
    }
    while store.history_counters().waiting > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.drop_history(500, 1101).await.unwrap(), 200);
    assert_eq!(store.drop_history(0, 1101).await.unwrap(), 0);
    assert_eq!(store.drop_history(501, 5000).await.unwrap(), 1001);
    assert_eq!(store.drop_history(0, 0).await.unwrap(), 100);
    assert_eq!(store.drop_history(i64::MAX, 0).await.unwrap(), 0);
}

async fn a_tick_is_won_once(fixture: Fixture) {
    const TICKS: i64 = 50;
    let hosts = [fixture.open().await, fixture.beside().await, fixture.beside().await];
    create(&hosts[0], "w").await;
    hosts[0].add_schedule("w", 0).await.unwrap();
    hosts[1].add_schedule("w", 7).await.unwrap();
    assert!(matches!(hosts[0].claim_tick("w", 0, 0).await, Err(Error::Invalid(_))));
    // Each waits at the gate, so that all claim the same tick together.
    let gate = std::sync::Arc::new(tokio::sync::Barrier::new(9));
    let claimers = (0..9).map(|claimer| {
        let (store, gate) = (hosts[claimer % 3].clone(), gate.clone());
        tokio::spawn(async move {
            let mut won = Vec::new();
            for due in 0..TICKS {
                gate.wait().await;
                if store.claim_tick("w", due, due + 1).await.unwrap() {
                    won.push(due);
                }
            }
            won
        })
    });
    let mut won = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        won.extend(claimer.await.unwrap());
    }
    won.sort_unstable();
    assert_eq!(won, (0..TICKS).collect::<Vec<_>>());
    for store in &hosts {
        store.close(Duration::from_secs(5)).await;
    }
    drop(hosts);
    let again = fixture.open().await;
    assert_eq!(again.schedules().await.unwrap(), [("w".to_owned(), TICKS)]);
    assert!(!again.claim_tick("w", TICKS - 1, TICKS).await.unwrap());
    assert!(again.claim_tick("w", TICKS, TICKS + 60).await.unwrap());
}

async fn a_schedule_goes_with_its_worker(fixture: Fixture) {
    let store = fixture.open().await;
    let revision = async || store.revision().await.unwrap();
    for key in ["a", "b", "c"] {
        create(&store, key).await;
    }
    let before = revision().await;
    for (key, due) in [("a", 5), ("b", 20), ("c", 10), ("a", 30), ("none", 1)] {
        store.add_schedule(key, due).await.unwrap();
    }
    let due = async || store.schedules().await.unwrap();
    let all = [("a", 5), ("c", 10), ("b", 20)].map(|(key, due)| (key.to_owned(), due));
    assert_eq!(due().await, all, "the first time counts, and only of what is there");
    assert_eq!(revision().await, before, "the registry did not change");
    let mut same = save("a", Mode::Update(None));
    same.definition.description = "other words".into();
    store.save(same).await.unwrap();
    assert_eq!(due().await, all);
    let mut disabled = save("c", Mode::Update(None));
    disabled.definition.enabled = false;
    store.save(disabled).await.unwrap();
    let mut other = save("b", Mode::Update(None));
    other.definition.filter = Some("{}".into());
    store.save(other).await.unwrap();
    assert_eq!(due().await, all[..1]);
    assert!(!store.claim_tick("c", 10, 20).await.unwrap(), "it is not due any more");
    store.delete("a").await.unwrap();
    assert_eq!(due().await, []);
    assert!(!store.claim_tick("a", 5, 6).await.unwrap());
}

async fn one_refused_entry_does_not_take_the_others(fixture: Fixture) {
    let store = fixture.open().await;
    store.record(entry(1));
    store.record(Entry {
        execution: "x".repeat(1000),
        ..entry(2)
    });
    store.record(entry(3));
    store.record(entry(3));
    store.close(Duration::from_secs(5)).await;
    assert_eq!(
        store.history_counters(),
        Counters {
            written: 3,
            dropped: 1,
            waiting: 0
        }
    );
    assert_eq!(
        fixture
            .beside()
            .await
            .history(&Filter::default(), None, 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn many_hosts_start_together(fixture: Fixture) {
    let hosts = (0..6).map(|_| {
        let database = fixture.database.clone();
        tokio::spawn(async move { open(&database, OpenAs::Command, keys(1, &[])).await.unwrap() })
    });
    let mut stores = Vec::new();
    for host in hosts.collect::<Vec<_>>() {
        stores.push(host.await.unwrap());
    }
    create(&stores[0], "w").await;
    assert!(stores[5].worker("w").await.unwrap().is_some());
}

async fn texts_with_nul_are_refused(fixture: Fixture) {
    let store = fixture.open().await;
    let mut described = save("w", Mode::Create);
    described.definition = Definition {
        description: "a\0b".into(),
        ..definition()
    };
    let mut coded = save("w", Mode::Create);
    coded.code = source("a\0b");
    for save in [described, coded] {
        assert!(matches!(store.save(save).await, Err(Error::Invalid(_))));
    }
    for (subject, role) in [("a\0", "r"), ("a", "r\0")] {
        let mut new = token(1, subject);
        new.role = role.into();
        assert!(matches!(store.add_token(new).await, Err(Error::Invalid(_))));
    }
}

//! What is taken up of saves that overtake each other, which no client can time.

use super::program::CACHE;
use super::store::fixture::{Fixture, save, source};
use engine::{Config, Engine, ImageRoom, Request};
use host::context::Gate;
use host::limits::LimitRange;
use host::registry::{Fault, Registry};
use host::settings::commands::Outside;
use host::store::{Mode, SecretChange};
use host::workers::Workers;
use std::sync::Arc;

fn text(number: u8) -> String {
    format!("export default () => {number}")
}

#[tokio::test(flavor = "multi_thread")]
async fn code_belongs_to_its_revision() {
    let fixture = Fixture::sqlite().unwrap();
    let store = fixture.open().await;
    let config = Config {
        cache_dir: CACHE.clone(),
        max_cache_bytes: 1 << 30,
        max_executions: 8,
        max_memory_bytes: 64 << 20,
        image_room: ImageRoom::default(),
        notice: |_| {},
        compiler: None,
    };
    let engine = Engine::new(config).unwrap();
    let gate = Arc::new(Gate::new(Outside::default()));
    let opened = Registry::open(
        store.clone(),
        engine.clone(),
        gate,
        LimitRange::default(),
        Workers::default(),
    );
    let (registry, _) = opened.await.unwrap();
    let executed = async || {
        let entry = registry.get("w").unwrap();
        let ready = registry.ready(&entry).await.unwrap();
        let execution = engine
            .run(&ready.worker, Request::default(), std::future::pending())
            .await;
        (
            entry.version,
            String::from_utf8(execution.unwrap().output.to_vec()).unwrap(),
        )
    };
    let mut first = save("w", Mode::Create);
    first.code = source(&text(1));
    let first = store.save(first).await.unwrap();
    let one = registry.build(&text(1)).await.unwrap();
    registry.saved("w", None).await.unwrap();
    let old = registry.get("w").unwrap();
    let mut second = save("w", Mode::Update(None));
    second.code = source(&text(2));
    second.secrets = vec![SecretChange::Set("s".into(), "two".into())];
    store.save(second).await.unwrap();
    // The first is late: the second has been written.
    registry.saved("w", Some((first.revision, one.clone()))).await.unwrap();
    assert_eq!(executed().await, (Some(2), "2".to_owned()));
    // Whoever still holds the entry of before is sent to look again.
    assert!(matches!(registry.ready(&old).await, Err(Fault::Outdated)));
    // Gone, however late a save is taken up.
    store.delete("w").await.unwrap();
    registry.saved("w", Some((first.revision, one))).await.unwrap();
    assert!(registry.get("w").is_none());
}

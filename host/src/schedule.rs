//! Runs the workers that have a schedule. Every tick is claimed in the database first, so of several hosts one runs it. Ticks
//! missed while no host was there are made up for by one run.

use crate::data;
use crate::http::execute::execution_id;
use crate::http::service::{Service, Stage};
use crate::perform::{Job, perform};
use crate::registry::{Entry, Registry};
use bytes::Bytes;
use engine::Payload;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(1);

/// Runs what is due until the host stops.
pub async fn run(service: Arc<Service>, mut stage: watch::Receiver<Stage>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            // An error is a server that is gone.
            _ = stage.wait_for(|stage| *stage != Stage::Open) => return,
        }
        let Ok(registry) = service.registry(Stage::Open) else {
            continue;
        };
        match service.store.schedules().await {
            Ok(schedules) => {
                for (key, due) in schedules {
                    if due > data::now() {
                        // Those that follow are due later.
                        break;
                    }
                    claim(&service, registry, &key, due, &stage).await;
                }
            }
            Err(error) => tracing::warn!("cannot see what is due: {error}"),
        }
    }
}

/// Runs a worker if its tick is ours.
async fn claim(service: &Arc<Service>, registry: &Registry, key: &str, due: i64, stage: &watch::Receiver<Stage>) {
    let Some(entry) = registry.get(key).filter(|entry| entry.enabled) else {
        return;
    };
    let Some(next) = entry
        .schedule
        .as_ref()
        .and_then(|schedule| schedule.next_after(data::now()))
    else {
        return;
    };
    match service.store.claim_tick(key, due, next).await {
        Ok(true) => {
            let (service, stage) = (service.clone(), stage.clone());
            tokio::spawn(async move {
                if let Some(registry) = service.registry.get()
                    && let Err(problem) = tick(&service, registry, &entry, stage).await
                {
                    tracing::error!(worker = entry.key, "a tick of its schedule was not executed: {problem}");
                }
            });
        }
        Ok(false) => {}
        // It may have been claimed: not to be run twice.
        Err(error) => tracing::error!(worker = key, "a tick of its schedule may be lost: {error}"),
    }
}

async fn tick(
    service: &Service,
    registry: &Registry,
    entry: &Entry,
    stage: watch::Receiver<Stage>,
) -> Result<(), String> {
    // Beside requests, and not refused for want of a place: it comes once.
    let _place = service.places.acquire().await;
    let id = execution_id().map_err(|_| "no random bytes")?;
    let ready = registry.ready(entry).await.map_err(|fault| fault.to_string())?;
    let payload = Bytes::from(json!({ "triggerID": id }).to_string());
    let job = Job {
        id: &id,
        key: &entry.key,
        project: entry.project.as_deref(),
        action: &entry.action,
        version: entry.version,
        caller: "schedule",
        test_run: false,
        worker: &ready.worker,
        context: &ready.context,
        settings: &entry.settings,
        payload: Payload::parse(payload).map_err(|error| error.to_string())?,
        hops: 0,
    };
    let performed = perform(service, registry, job, stage).await;
    let mut execution = performed.map_err(|error| error.to_string())?;
    let changes = std::mem::take(&mut execution.state_changes);
    let kept = registry.keep(entry, &ready.context, changes).await;
    kept.map(drop).map_err(|fault| fault.to_string())
}

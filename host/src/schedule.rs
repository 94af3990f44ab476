//! Runs the workers that have a schedule. Every tick is claimed in the database first, so of several hosts one runs it. Ticks
//! missed while no host was there are made up for by one run.

use crate::data;
use crate::http::service::{Service, Stage};
use crate::perform::{Job, execution_id, perform};
use crate::places::Full;
use crate::registry::{Entry, Registry};
use crate::store;
use bytes::Bytes;
use engine::{MAX_PAYLOAD_BYTES, Payload};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(1);

/// How long a tick that found no place waits before it looks again.
const AGAIN: Duration = Duration::from_millis(100);

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
        let scheduled = registry.scheduled();
        if !scheduled.is_empty()
            && let Err(error) = look(&service, registry, &scheduled, &stage).await
        {
            tracing::warn!("cannot see what is due: {error}");
        }
    }
}

/// Runs what is due, after giving those that are new their first time: counted from when they were saved, so that none is
/// missed in between.
async fn look(
    service: &Arc<Service>,
    registry: &Registry,
    scheduled: &[Arc<Entry>],
    stage: &watch::Receiver<Stage>,
) -> store::Result<()> {
    let schedules = service.store.schedules().await?;
    for entry in scheduled {
        let first = entry
            .schedule
            .as_ref()
            .and_then(|schedule| schedule.next_after(entry.changed));
        if let Some(first) = first.filter(|_| !schedules.iter().any(|(key, _)| *key == entry.key)) {
            service.store.add_schedule(&entry.key, first).await?;
        }
    }
    // The next to be due is first.
    for (key, due) in schedules.iter().take_while(|(_, due)| *due <= data::now()) {
        claim(service, registry, key, *due, stage).await;
    }
    Ok(())
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
    if let Some(pause) = service.admission.pause(&entry.conduct, Instant::now()) {
        tracing::warn!(
            worker = entry.key,
            "failed too often and pauses for another {pause:.0?}: a tick of its schedule is left out"
        );
        return Ok(());
    }
    // Beside requests, and not refused for want of a place: it comes once.
    let _place = loop {
        match service.places.take(&entry.key).await {
            Ok(place) => break place,
            Err(Full) if *stage.borrow() != Stage::Open => return Err("the host stops".to_owned()),
            Err(Full) => tokio::time::sleep(AGAIN).await,
        }
    };
    let id = execution_id().map_err(|error| error.to_string())?;
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
        payload: Payload::parse(payload, MAX_PAYLOAD_BYTES).map_err(|error| error.to_string())?,
        hops: 0,
    };
    let performed = perform(service, registry, job, stage).await;
    let mut execution = performed.map_err(|error| error.to_string())?;
    let admission = &service.admission;
    admission.ended(&entry.conduct, &execution.outcome, Instant::now());
    let changes = std::mem::take(&mut execution.state_changes);
    let kept = registry.keep(entry, &ready.context, changes).await;
    kept.map(drop).map_err(|fault| fault.to_string())
}

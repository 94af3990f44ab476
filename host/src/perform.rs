//! One execution, from its facts to the history: the same for a request, a test and a tick of a schedule.

use crate::api::entry;
use crate::api::settings::Settings;
use crate::context::Context;
use crate::data;
use crate::http::service::{Service, Stage};
use crate::record::{self, Facts, Mask};
use crate::registry::Registry;
use data_encoding::HEXLOWER;
use engine::{Execution, Payload, Request, RunError, Worker};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

/// What is executed, for whom and how.
pub struct Job<'a> {
    /// Names the execution.
    pub id: &'a str,
    /// The worker's key.
    pub key: &'a str,
    /// Its project.
    pub project: Option<&'a str>,
    /// The action.
    pub action: &'a str,
    /// The version; code that is not deployed has none.
    pub version: Option<i64>,
    /// Who or what started it.
    pub caller: &'a str,
    /// Whether it is a test.
    pub test_run: bool,
    /// Its code.
    pub worker: &'a Worker,
    /// What it is granted.
    pub context: &'a Context,
    /// What it may use.
    pub settings: &'a Settings,
    /// The payload.
    pub payload: Payload,
    /// So many workers have called each other to get here.
    pub hops: u32,
}

/// Runs it, listed while it runs, and hands what became of it to the history. What it changed in the state is still to
/// be kept.
pub async fn perform(
    service: &Service,
    registry: &Registry,
    job: Job<'_>,
    mut stage: watch::Receiver<Stage>,
) -> Result<Execution, RunError> {
    let mut environment = vec![
        ("WORKER_KEY".to_owned(), job.key.to_owned()),
        ("EXECUTION_ID".to_owned(), job.id.to_owned()),
    ];
    environment.extend(
        job.project
            .map(|project| ("PROJECT_KEY".to_owned(), project.to_owned())),
    );
    let keeps = job.settings.keep_payloads;
    let payload = keeps.then(|| job.payload.bytes().clone());
    let grants = registry.grants(job.context, job.hops);
    let secrets = grants.secrets.clone();
    let request = Request {
        payload: job.payload,
        environment,
        limits: registry.limits(job.settings),
        grants,
    };
    let started = data::now();
    let listed = service.running.list(job.id, job.key, job.project, job.caller, started);
    // A host that is gone cancels too.
    let cancelled = async {
        tokio::select! {
            _ = stage.wait_for(|stage| *stage == Stage::Stopping) => {}
            () = listed.stopped() => {}
        }
    };
    let execution = service.engine.run(job.worker, request, cancelled).await?;
    let followers = service.followers.of(job.key, job.project);
    if service.keep_history || followers.is_some() {
        let facts = Facts {
            execution: job.id,
            worker: job.key,
            project: job.project,
            action: job.action,
            version: job.version,
            started,
            ended: data::now(),
            triggered_by: job.caller,
            test_run: job.test_run,
            payload: payload.as_deref(),
            keep_result: keeps,
            mask: &Mask::new(secrets.values()),
        };
        let mut entry = record::entry(&facts, &execution);
        if let Some(followers) = followers {
            entry.cut();
            // They may have gone since.
            let _ = followers.send(entry::one(&entry).into());
        }
        if service.keep_history {
            service.store.record(entry);
        }
    }
    Ok(execution)
}

/// A UUID of version 7 (RFC 9562): the time in milliseconds, then 74 random bits. What comes later sorts later, so that the
/// history's index grows at its end.
pub fn execution_id() -> Result<String, RunError> {
    let mut bytes = unforeseen()?;
    bytes[..6].copy_from_slice(&data::now().to_be_bytes()[2..]);
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

/// Bytes that nobody outside can foresee, others each time: a hash of their number under a key of this process. Asking the
/// system for each would take two percent of an echo.
fn unforeseen() -> Result<[u8; 16], RunError> {
    static KEY: OnceLock<[u8; blake3::KEY_LEN]> = OnceLock::new();
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let key = match KEY.get() {
        Some(key) => key,
        None => {
            let mut key = [0; blake3::KEY_LEN];
            getrandom::fill(&mut key).map_err(|error| RunError::Internal(format!("no random bytes: {error}")))?;
            KEY.get_or_init(|| key)
        }
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes();
    let mut bytes = [0; 16];
    blake3::Hasher::new_keyed(key)
        .update(&number)
        .finalize_xof()
        .fill(&mut bytes);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_in_the_order_of_time() {
        let id = execution_id().unwrap();
        assert_eq!((id.len(), id.matches('-').count(), &id[14..15]), (36, 4, "7"));
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(id < execution_id().unwrap());
    }
}

//! The executions of a worker, told as they come to their ends.

use super::Desk;
use crate::followers::Follower;
use crate::http::events::{Events, MEDIA, STILL_HERE, event};
use crate::http::reply::{self, Refusal, Reply};
use crate::http::service::Stage;
use crate::identity::permission::Operation;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use serde_json::json;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How long one request follows. Who wants more asks again, as every client of server-sent events does, and shows its
/// token again: a revoked one ends with this.
const FOLLOWS: Duration = Duration::from_secs(5 * 60);

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(15);

struct Following {
    follower: Follower,
    until: Instant,
    stage: watch::Receiver<Stage>,
}

impl Desk<'_> {
    /// `event: execution` with an entry of the history for every execution that ends on this host from now on; `event:
    /// dropped` with `{"executions"}` for those that this client was too slow for.
    pub(super) fn follow(&self, key: &str, stage: watch::Receiver<Stage>) -> Result<Reply, Refusal> {
        let entry = self.entry(Operation::History, key)?;
        let follower = self.service.followers.follow(key, entry.project.as_deref());
        let Some(follower) = follower else {
            let message = "Too many clients follow executions of this host";
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, message).try_again());
        };
        let following = Following {
            follower,
            until: Instant::now() + FOLLOWS,
            stage,
        };
        // At once, so that the client knows from when on it is told.
        let first = stream::once(std::future::ready(STILL_HERE));
        let events = first.chain(stream::unfold(following, |mut following| async {
            Some((following.next().await?, following))
        }));
        let mut reply = reply::stream(MEDIA, Events::new(events.boxed()));
        let headers = reply.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(reply)
    }
}

impl Following {
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            told = self.follower.told.recv() => match told {
                Ok(entry) => Some(event("execution", &entry)),
                Err(RecvError::Lagged(executions)) => Some(event("dropped", &json!({ "executions": executions }).to_string())),
                Err(RecvError::Closed) => None,
            },
            () = sleep(SILENCE) => Some(STILL_HERE),
            () = sleep_until(self.until) => None,
            // An error is a server that is gone.
            _ = self.stage.wait_for(|stage| *stage != Stage::Open) => None,
        }
    }
}

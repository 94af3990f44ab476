//! What every request needs, and the way of one through it.

use super::body::{Held, Upload};
use super::refusals::{busy, stopping};
use super::reply::{self, Refusal, Reply};
use super::route::{Route, route};
use super::{endpoint, execute, manage};
use crate::admission::Admission;
use crate::api::openapi;
use crate::followers::Followers;
use crate::identity::Identity;
use crate::places::{Full, Place, Places};
use crate::registry::Registry;
use crate::running::Running;
use crate::store::Store;
use bytes::Bytes;
use engine::Engine;
use hyper::body::Body;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode, Version};
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::watch;

/// The headers of a request, at most.
pub const MAX_HEADERS: usize = 100;

/// How far the host is on its way to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It takes requests.
    Open,
    /// It ends what it has begun.
    Draining,
    /// It cancels what it has begun.
    Stopping,
}

/// What requests are answered with.
pub struct Service {
    /// Runs the workers.
    pub engine: Engine,
    /// Empty until the workers are loaded.
    pub registry: OnceLock<Registry>,
    /// Who is asking.
    pub identity: Identity,
    /// What is kept.
    pub store: Store,
    /// Whether executions are written to the history.
    pub keep_history: bool,
    /// What is executed now.
    pub running: Running,
    /// Who follows it.
    pub followers: Followers,
    /// Whether an execution may begin.
    pub admission: Admission,
    /// One for each execution under way.
    pub places: Places,
    /// Time a client gets for its body.
    pub body_timeout: Duration,
    /// What bodies hold of the memory.
    pub held: Arc<Held>,
}

impl Service {
    /// Answers one request. Dropping the future stops what it runs.
    pub async fn answer<B>(&self, request: Request<B>, stage: watch::Receiver<Stage>) -> Reply
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Display,
    {
        let (head, body) = request.into_parts();
        let mut upload = Upload::new(body, &head.headers, self.held.clone());
        // Pinned here: it has kilobytes, and would be moved with each function that it is given to.
        let answered = contain_panic(pin!(self.dispatch(&head, &mut upload, stage))).await;
        let gives_up = answered.as_ref().is_err_and(|refusal| refusal.gives_up);
        let mut reply = answered.unwrap_or_else(Reply::from);
        if gives_up {
            if head.version <= Version::HTTP_11 {
                reply
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
        } else {
            upload.discard();
        }
        reply
    }

    /// The workers, once they are loaded and until the host stops.
    pub fn registry(&self, stage: Stage) -> Result<&Registry, Refusal> {
        match self.registry.get() {
            _ if stage != Stage::Open => Err(stopping()),
            None => {
                let message = "The host is still loading its workers";
                Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message).try_again())
            }
            Some(registry) => Ok(registry),
        }
    }

    /// A place for an execution of this worker, as soon as there is one.
    pub async fn place(&self, worker: &str, mut stage: watch::Receiver<Stage>) -> Result<Place, Refusal> {
        tokio::select! {
            biased;
            place = self.places.take(worker) => place.map_err(|Full| busy()),
            _ = stage.wait_for(|stage| *stage == Stage::Stopping) => Err(stopping()),
        }
    }

    async fn dispatch<B>(
        &self,
        head: &Parts,
        upload: &mut Upload<B>,
        stage: watch::Receiver<Stage>,
    ) -> Result<Reply, Refusal>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Display,
    {
        // HTTP/1 is told by hyper while it reads them.
        if head.headers.len() > MAX_HEADERS {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(Refusal::new(
                status,
                format!("The request has more than {MAX_HEADERS} headers"),
            ));
        }
        match route(&head.method, head.uri.path())? {
            Route::Execute(key) => execute::execute(self, head, key, upload, stage).await,
            Route::Endpoint(key, path) => endpoint::endpoint(self, head, key, path, upload, stage).await,
            Route::Manage(place) => manage::manage(self, head, place, upload, stage).await,
            Route::OpenApi => Ok(reply::json(StatusCode::OK, openapi::document())),
            Route::Liveness => Ok(reply::json(StatusCode::OK, r#"{"status":"alive"}"#)),
            Route::Readiness if self.registry.get().is_some() && *stage.borrow() == Stage::Open => {
                Ok(reply::json(StatusCode::OK, r#"{"status":"ready"}"#))
            }
            Route::Readiness => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The host is not ready").try_again()),
        }
    }
}

/// A panic is our bug; it costs the one request in which it happens, and is told in the log.
async fn contain_panic<T>(mut answer: Pin<&mut impl Future<Output = Result<T, Refusal>>>) -> Result<T, Refusal> {
    std::future::poll_fn(|context| {
        // After a panic the future is dropped, and never looked at again.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            tracing::error!("a request failed by a bug of the host: see the panic above");
            Poll::Ready(Err(Refusal::internal()))
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_one_500() {
        let bug = async {
            tokio::task::yield_now().await;
            assert_eq!(1, 2, "a bug");
            Ok(())
        };
        assert_eq!(Reply::from(contain_panic(pin!(bug)).await.unwrap_err()).status(), 500);
    }
}

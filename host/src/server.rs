//! Takes connections until it is told to stop, then lets what has begun come to an end.

use crate::http::service::{MAX_HEADERS, Service, Stage};
use crate::schedule;
use crate::tls::Tls;
use crate::together::Together;
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::server::TlsStream;

/// Connections at once; the next ones wait in the system's queue. Each costs about 20 KiB while idle.
pub const MAX_CONNECTIONS: usize = 10_000;

/// A request's headers together with the request line, in bytes.
pub const MAX_HEAD_BYTES: u32 = 64 << 10;

/// Requests at once on one HTTP/2 connection.
pub const MAX_STREAMS: u32 = 128;

/// A connection on which no request begins or is executed for this long, or twice this long, is closed. It is also
/// the time in which a client has to take its answer. HTTP/1 connections between requests end earlier: the time for
/// headers counts from the last answer.
const IDLE: Duration = Duration::from_secs(30);

/// A connection on which events are sent is not idle for this long, even if the client takes none of them.
const EVENTS: Duration = Duration::from_secs(6 * 60);

/// What cancelled executions get to send their answers.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The times a server keeps.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// What a client gets for its headers.
    pub header: Duration,
    /// What running executions get when the server stops.
    pub drain: Duration,
}

/// Answers requests until `shutdown` completes; then takes no more, ends those under way, cancels what is left at
/// the end of the drain time, and returns.
/// With `tls`, clients speak that first.
pub async fn run(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    shutdown: impl Future<Output = ()>,
    service: Arc<Service>,
    times: Times,
) {
    let (stage, watching) = watch::channel(Stage::Open);
    let builder = Arc::new(builder(times.header));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    tokio::spawn(schedule::run(service.clone(), watching.clone()));
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, place) = accept(&listener, &places) => {
                let (builder, service, stage) = (builder.clone(), service.clone(), watching.clone());
                // Answers are written whole: waiting to fill a packet would only delay them.
                let _ = stream.set_nodelay(true);
                let stream = Together::new(stream);
                match tls.clone() {
                    None => _ = tokio::spawn(connection(stream, place, builder, service, stage, times.header)),
                    Some(tls) => _ = tokio::spawn(async move {
                        if let Some(stream) = shake_hands(&tls, stream, stage.clone(), times.header).await {
                            connection(stream, place, builder, service, stage, times.header).await;
                        }
                    }),
                }
            }
        }
    }
    drop((listener, watching));
    tracing::info!("stopping: what is under way gets {:?}", times.drain);
    stage.send_replace(Stage::Draining);
    // Every connection and every stream holds a receiver.
    if timeout(times.drain, stage.closed()).await.is_err() {
        tracing::warn!("the time is up: what is still running is cancelled");
        stage.send_replace(Stage::Stopping);
        let _ = timeout(LAST_WORDS, stage.closed()).await;
    }
    tracing::info!("stopped");
}

/// The next connection. When the system cannot give one, such as for want of file descriptors, waits for better.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed.
        let Ok(place) = places.clone().acquire_owned().await else {
            std::future::pending().await
        };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            // The client has left the queue; that says nothing of the next one.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!("cannot take a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Speaks TLS with a client. One that does not, or takes its time, is left, as are all when the server stops.
async fn shake_hands(
    tls: &Tls,
    stream: Together<TcpStream>,
    mut stage: watch::Receiver<Stage>,
    patience: Duration,
) -> Option<TlsStream<Together<TcpStream>>> {
    tokio::select! {
        shaken = timeout(patience, tls.accept(stream)) => shaken.ok()?.ok(),
        _ = stage.wait_for(|stage| *stage != Stage::Open) => None,
    }
}

fn builder(header_timeout: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD_BYTES)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(IDLE)
        .keep_alive_timeout(IDLE);
    builder
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    _place: OwnedSemaphorePermit,
    builder: Arc<auto::Builder<TokioExecutor>>,
    service: Arc<Service>,
    mut stage: watch::Receiver<Stage>,
    first_request: Duration,
) {
    let activity = Arc::new(Activity::default());
    let answer = {
        let (activity, stage) = (activity.clone(), stage.clone());
        service_fn(move |request: hyper::Request<Incoming>| {
            let running = Running::begin(activity.clone());
            let (service, stage) = (service.clone(), stage.clone());
            async move {
                let mut reply = service.answer(request, stage).await;
                if let Either::Right(events) = reply.body_mut() {
                    let (held, gone) = oneshot::channel::<()>();
                    events.hold(held);
                    tokio::spawn(async move {
                        let _ = timeout(EVENTS, gone).await;
                        drop(running);
                    });
                }
                Ok::<_, Infallible>(reply)
            }
        })
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    // Hyper minds slow headers only once it knows which HTTP they are, which a client can put off forever.
    let mut look = pin!(tokio::time::sleep(first_request));
    let mut closing = false;
    let mut seen = 0;
    loop {
        tokio::select! {
            // How it ended, well or not, is the client's affair.
            _ = connection.as_mut() => return,
            // An error is a server that is gone: the same.
            _ = stage.wait_for(|stage| *stage != Stage::Open), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = look.as_mut() => {
                if !activity.idle_since(&mut seen) {
                    look.as_mut().reset(Instant::now() + IDLE);
                } else if closing {
                    // It had its notice.
                    return;
                } else {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                    look.as_mut().reset(Instant::now() + first_request);
                }
            }
        }
    }
}

/// What goes on on one connection. Counting is all a request pays for it.
#[derive(Default)]
struct Activity {
    begun: AtomicU64,
    running: AtomicUsize,
}

impl Activity {
    /// Whether nothing runs, and nothing has begun since the last call with the same `seen`.
    fn idle_since(&self, seen: &mut u64) -> bool {
        let begun = self.begun.load(Ordering::Relaxed);
        std::mem::replace(seen, begun) == begun && self.running.load(Ordering::Relaxed) == 0
    }
}

/// One request of a connection, for as long as it is executed.
struct Running(Arc<Activity>);

impl Running {
    fn begin(activity: Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        activity.running.fetch_add(1, Ordering::Relaxed);
        Self(activity)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_idle_when_nothing_runs_and_nothing_began() {
        let activity = Arc::new(Activity::default());
        let mut seen = 0;
        assert!(activity.idle_since(&mut seen));
        let running = Running::begin(activity.clone());
        assert!(!activity.idle_since(&mut seen) && !activity.idle_since(&mut seen));
        drop(running);
        assert!(activity.idle_since(&mut seen));
        drop(Running::begin(activity.clone()));
        assert!(!activity.idle_since(&mut seen) && activity.idle_since(&mut seen));
    }
}

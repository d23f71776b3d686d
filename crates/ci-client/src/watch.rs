//! Waiting as a `Stream`: what each look shows, and then how it ended.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ci_model::{JobId, JobsDetail};
use futures_core::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::client::Client;
use crate::wait::{WaitError, WaitOptions};

/// What a [`Watch`] tells.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WatchEvent {
    /// The job as a look has shown it.
    Looked {
        /// The job.
        job: Box<JobsDetail>,
        /// How long it has been waited for.
        waited: Duration,
    },
    /// The end of the wait, as [`Client::wait_with`] returns it. Nothing comes after it.
    Ended(Result<Box<JobsDetail>, WaitError>),
}

type Waiting = Pin<Box<dyn Future<Output = Result<JobsDetail, WaitError>> + Send>>;

/// A wait that tells of every look: by hand with [`Watch::next`], or as a `Stream`. Dropping it ends the wait.
pub struct Watch {
    /// Gone when it has ended.
    waiting: Option<Waiting>,
    looks: UnboundedReceiver<WatchEvent>,
    end: Option<WatchEvent>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("waiting", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Waits for a job as [`Client::wait_with`] does, and gives what happens as a `Stream`.
    ///
    /// Nothing is asked before the first event is asked for.
    #[must_use]
    pub fn watch(&self, job: &JobId, options: WaitOptions) -> Watch {
        let (client, job) = (self.clone(), job.clone());
        let (tell, looks) = unbounded_channel();
        let waiting = async move {
            let told = |progress: crate::wait::Progress<'_>| {
                // Nobody listens any more only when this future is about to be dropped, too.
                let _ = tell.send(WatchEvent::Looked {
                    job: Box::new(progress.job.clone()),
                    waited: progress.waited,
                });
            };
            client.wait_with(&job, options, told).await
        };
        Watch {
            waiting: Some(Box::pin(waiting)),
            looks,
            end: None,
        }
    }
}

impl Watch {
    /// The next event; nothing after the end.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<WatchEvent>> {
        if let Some(waiting) = &mut self.waiting
            && let Poll::Ready(result) = waiting.as_mut().poll(cx)
        {
            self.waiting = None;
            self.end = Some(WatchEvent::Ended(result.map(Box::new)));
        }
        // What was looked at comes before the end; the channel is closed once the wait is over.
        match self.looks.poll_recv(cx) {
            Poll::Ready(Some(look)) => Poll::Ready(Some(look)),
            Poll::Ready(None) => Poll::Ready(self.end.take()),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Stream for Watch {
    type Item = WatchEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchEvent>> {
        self.poll_event(cx)
    }
}

//! One request, as often as it may be sent: signed afresh each time, within its limits, every attempt noted.

use std::future::Future;
use std::time::Duration;

use ci_core::{Operation, Repeat, ReplyError};
use cos_sign::{Credentials, Validity};
use http::header::AUTHORIZATION;
use http::{Request, Response, request, response};
use tokio::time::Instant;
use tracing::Instrument;

use super::diagnose::Signing;
use super::scrub::Secrets;
use super::{Client, Reply};
use crate::clock::{after, unix};
use crate::error::{Attempt, CallError, Cause};
use crate::retry::{Failure, Verdict, dice, judge, retry_after};
use crate::transport::{SendLimits, Sent, TransportError, TransportFault};

/// A signature holds from this long before now, for clocks that are a little behind …
const BEFORE: u64 = 60;
/// … for this long.
const LASTING: Duration = Duration::from_secs(960);

/// What a call ended with when it brought no output.
pub(super) struct Trouble {
    pub(super) cause: Cause,
    pub(super) attempts: Vec<Attempt>,
    /// It may have been carried out and must not be sent again.
    pub(super) lost: bool,
    /// When the first attempt began, by our clock in Unix seconds.
    pub(super) began: i64,
}

impl Trouble {
    pub(super) fn into_error(self, operation: &'static str) -> CallError {
        CallError::new(operation, self.cause, self.attempts)
    }
}

/// What makes a call, whatever its body is.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) repeat: Repeat,
    pub(super) largest_reply: usize,
    /// An upload has no end of the attempt, only of silence, and of the wait for the answer.
    pub(super) uploads: bool,
}

/// The head of a reply and what was read of it.
pub(super) type Exchanged<T> = (response::Parts, Result<T, ReplyError>);

impl Client {
    /// Makes a call whose body is at hand, without looking for lost effects.
    pub(super) async fn run<O: Operation>(
        &self,
        operation: &O,
        deadline: Instant,
    ) -> Result<Reply<O::Output>, Trouble> {
        let request = operation.request(&self.endpoint).map_err(|error| Trouble {
            cause: error.into(),
            attempts: Vec::new(),
            lost: false,
            began: 0,
        })?;
        let (head, body) = request.into_parts();
        let spec = Spec {
            name: O::NAME,
            repeat: O::REPEAT,
            largest_reply: O::LARGEST_REPLY,
            uploads: false,
        };
        let transport = &self.shared.transport;
        self.attempts(spec, &head, deadline, |head| {
            let sending = transport.send(Request::from_parts(head, body.clone()));
            async move {
                let (head, body) = Response::into_parts(sending.await?);
                let read = O::response(&head, &body);
                Ok((head, read))
            }
        })
        .await
    }

    /// Sends until it succeeds, may not be repeated, or limits are reached.
    pub(super) async fn attempts<T, F, Fut>(
        &self,
        spec: Spec,
        head: &request::Parts,
        deadline: Instant,
        exchange: F,
    ) -> Result<Reply<T>, Trouble>
    where
        F: Fn(request::Parts) -> Fut,
        Fut: Future<Output = Result<Exchanged<T>, TransportError>>,
    {
        let span = tracing::debug_span!(
            "ci_call",
            operation = spec.name,
            method = %head.method,
            path = head.uri.path(),
            status = tracing::field::Empty,
            request_id = tracing::field::Empty,
            attempts = tracing::field::Empty,
        );
        let mut run = Run::new(self, spec, deadline);
        async {
            let result = run.go(head, exchange).await;
            let span = tracing::Span::current();
            span.record("attempts", run.attempts.len());
            if let Some(last) = run.attempts.last() {
                span.record("status", last.status);
                span.record("request_id", last.request_id.as_deref());
            }
            match result {
                Ok(output) => {
                    self.shared.budget.give(run.taken);
                    tracing::debug!("done");
                    let last = run.attempts.last();
                    Ok(Reply {
                        output,
                        request_id: last.and_then(|last| last.request_id.clone()),
                        attempts: u32::try_from(run.attempts.len()).unwrap_or(u32::MAX),
                        mark: None,
                    })
                }
                Err((cause, lost)) => {
                    tracing::debug!(error = %cause, lost, "failed");
                    Err(Trouble {
                        cause,
                        attempts: run.attempts,
                        lost,
                        began: run.began_unix,
                    })
                }
            }
        }
        .instrument(span)
        .await
    }
}

/// The state of one call.
struct Run<'a> {
    client: &'a Client,
    spec: Spec,
    deadline: Instant,
    began: Instant,
    began_unix: i64,
    attempts: Vec<Attempt>,
    /// What was taken from the budget.
    taken: u32,
    skew_tried: bool,
    token_tried: bool,
}

impl<'a> Run<'a> {
    fn new(client: &'a Client, spec: Spec, deadline: Instant) -> Self {
        Self {
            client,
            spec,
            deadline,
            began: Instant::now(),
            began_unix: unix(client.shared.clock.now()),
            attempts: Vec::new(),
            taken: 0,
            skew_tried: false,
            token_tried: false,
        }
    }

    async fn go<T, F, Fut>(
        &mut self,
        head: &request::Parts,
        exchange: F,
    ) -> Result<T, (Cause, bool)>
    where
        F: Fn(request::Parts) -> Fut,
        Fut: Future<Output = Result<Exchanged<T>, TransportError>>,
    {
        let mut failed = 0;
        let mut rejected: Option<Credentials> = None;
        loop {
            let credentials = self.credentials(rejected.take()).await?;
            let applied = self.client.shared.skew.applied();
            let signing = Signing {
                signer: &self.client.shared.signer,
                head,
                credentials: &credentials,
                validity: self.validity(),
            };
            let (failure, asked) = match self.attempt(signing, &exchange).await {
                Ok(Ok(output)) => return Ok(output),
                Ok(Err(failure)) => failure,
                Err(cause) => return Err((cause, false)),
            };
            if let Failure::Refused(refusal) = &failure {
                if refusal.is_expired_token() && !self.token_tried && credentials.token().is_some()
                {
                    self.token_tried = true;
                    rejected = Some(credentials);
                    continue;
                }
                if refusal.is_clock_skew() && !self.skew_tried {
                    self.skew_tried = true;
                    let skew = &self.client.shared.skew;
                    // Either the difference is news, or what was applied has just been dropped for it.
                    let learned = skew.seen().is_some_and(|seen| skew.learn(seen));
                    if learned || skew.applied() != applied {
                        continue;
                    }
                }
            }
            failed += 1;
            match judge(&failure, self.spec.repeat) {
                Verdict::Final => return Err((failure.into(), false)),
                Verdict::Lost => return Err((failure.into(), true)),
                Verdict::Again if failed > self.client.limits.retry.retries => {
                    return Err((failure.into(), false));
                }
                Verdict::Again => {}
            }
            let pause = self.client.limits.retry.pause(failed, asked, dice());
            let after_timeout = matches!(&failure, Failure::Transport(error) if error.is_timeout());
            // No use in waiting for a moment that the call will not live to see.
            if after(Instant::now(), pause) >= self.deadline {
                return Err((failure.into(), false));
            }
            let Some(cost) = self.client.shared.budget.take(after_timeout) else {
                tracing::debug!("the budget for retries is used up");
                return Err((failure.into(), false));
            };
            self.taken += cost;
            tracing::debug!(?pause, "will try again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn credentials(
        &self,
        rejected: Option<Credentials>,
    ) -> Result<Credentials, (Cause, bool)> {
        let cache = &self.client.shared.credentials;
        let getting = async {
            match &rejected {
                Some(rejected) => cache.replace(rejected).await,
                None => cache.get().await,
            }
        };
        match tokio::time::timeout_at(self.deadline, getting).await {
            Ok(Ok(credentials)) => Ok(credentials),
            Ok(Err(error)) => Err((error.into(), false)),
            Err(_) => {
                let after = self.deadline - self.began;
                let error = TransportError::new(Sent::No, TransportFault::Timeout { after });
                Err((Cause::Transport(error), false))
            }
        }
    }

    /// A window of its own for every attempt.
    fn validity(&self) -> Validity {
        let shared = &self.client.shared;
        let now = unix(shared.clock.now()).saturating_add(shared.skew.applied());
        let from = u64::try_from(now).unwrap_or(0).saturating_sub(BEFORE);
        Validity::starting_at(from, LASTING)
    }

    /// When the present attempt has to be over.
    fn until(&self) -> Instant {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        // What must not be repeated has to leave time to look for its effect.
        let share = if self.spec.repeat == Repeat::Never {
            left.mul_f64(0.75)
        } else {
            left
        };
        now + share.min(self.client.limits.attempt)
    }

    async fn attempt<T, F, Fut>(
        &mut self,
        signing: Signing<'_>,
        exchange: &F,
    ) -> Result<Result<T, (Failure, Option<Duration>)>, Cause>
    where
        F: Fn(request::Parts) -> Fut,
        Fut: Future<Output = Result<Exchanged<T>, TransportError>>,
    {
        let mut head = signing.sign()?;
        let limits = &self.client.limits;
        let (started, until) = (Instant::now(), self.until());
        head.extensions.insert(SendLimits {
            connect: limits.connect,
            idle: limits.idle,
            until: (!self.spec.uploads).then_some(until),
            answer: limits.attempt,
            reply: self.spec.largest_reply,
            once: self.spec.repeat == Repeat::Never,
        });
        let sent_at = self.client.shared.clock.now();
        let authorization = head.headers.get(AUTHORIZATION).cloned();
        let number = self.attempts.len() + 1;
        let exchanging = exchange(head).instrument(tracing::debug_span!("ci_attempt", number));
        let exchanged = if self.spec.uploads {
            exchanging.await
        } else {
            // Transports of other makers may not keep to limits.
            tokio::time::timeout_at(until, exchanging)
                .await
                .unwrap_or_else(|_| {
                    Err(TransportError::new(
                        Sent::Maybe,
                        TransportFault::Timeout {
                            after: until - started,
                        },
                    ))
                })
        };
        let took = started.elapsed();
        let mut note = Attempt {
            began: started - self.began,
            took,
            status: None,
            request_id: None,
            failure: None,
            diagnosis: None,
        };
        let result = match exchanged {
            Err(error) => Err((Failure::Transport(error.of(self.spec.repeat)), None)),
            Ok((head, read)) => {
                note.status = Some(head.status.as_u16());
                note.request_id = ci_core::request_id(&head.headers).map(str::to_owned);
                self.client
                    .shared
                    .skew
                    .observe(&head.headers, sent_at, took);
                read.map_err(|mut error| {
                    note.diagnosis = signing.diagnose(&error);
                    Secrets::of(signing.credentials, authorization.as_ref()).hide(&mut error);
                    let failure = match error {
                        ReplyError::Refused(refusal) => Failure::Refused(refusal),
                        ReplyError::Unreadable(unreadable) => Failure::Unreadable(unreadable),
                        other => Failure::Transport(TransportError::maybe_sent(other)),
                    };
                    (failure, retry_after(&head.headers))
                })
            }
        };
        if let Err((failure, _)) = &result {
            let text = match failure {
                Failure::Transport(error) => error.to_string(),
                Failure::Refused(refusal) => refusal.to_string(),
                Failure::Unreadable(unreadable) => unreadable.to_string(),
            };
            if note.request_id.is_none()
                && let Failure::Refused(refusal) = failure
            {
                note.request_id.clone_from(&refusal.request_id);
            }
            tracing::debug!(number, took = ?took, failure = text, "attempt failed");
            note.failure = Some(text);
        }
        self.attempts.push(note);
        Ok(result)
    }
}

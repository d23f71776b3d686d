//! A wrong clock here: learned from the answer, applied, dropped when it no longer fits.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ci_client::transport::{Transport, TransportError};
use ci_client::{Client, Clock, Credentials};

const NOON: i64 = 1_700_000_000;

/// Both sides of the wire: our clock, the service's, and what it does with signatures.
#[derive(Debug, Clone)]
struct World {
    ours: Arc<AtomicI64>,
    theirs: Arc<AtomicI64>,
    /// Shown to the client in the `Age` header, as a cache would.
    aged: bool,
    code: &'static str,
    /// Attempts that are still to be answered with 500, each of which takes a minute.
    busy: Arc<AtomicI64>,
    signed: Arc<Mutex<Vec<i64>>>,
}

impl World {
    fn new(ours: i64, code: &'static str) -> Self {
        let clock = |seconds| Arc::new(AtomicI64::new(NOON + seconds));
        Self {
            ours: clock(ours),
            theirs: clock(0),
            aged: false,
            code,
            busy: Arc::default(),
            signed: Arc::default(),
        }
    }

    fn client(&self) -> Client {
        let builder = Client::builder("media-1250000000", "ap-chongqing")
            .credentials(Credentials::new("I", "K"));
        builder
            .transport(self.clone())
            .clock(self.clone())
            .retries(0)
            .build()
            .unwrap()
    }

    fn attempts(&self) -> usize {
        self.signed.lock().unwrap().len()
    }
}

fn at(unix: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(unix.unsigned_abs())
}

impl Clock for World {
    fn now(&self) -> SystemTime {
        at(self.ours.load(Ordering::SeqCst))
    }
}

impl Transport for World {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let authorization = request.headers()["authorization"].to_str().unwrap();
        let times = authorization
            .split("q-sign-time=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap();
        let (from, until) = times.split_once(';').unwrap();
        let (from, until): (i64, i64) = (from.parse().unwrap(), until.parse().unwrap());
        let now = self.theirs.load(Ordering::SeqCst);
        self.signed.lock().unwrap().push(from);
        if self.busy.fetch_sub(1, Ordering::SeqCst) > 0 {
            self.ours.fetch_add(60, Ordering::SeqCst);
            self.theirs.fetch_add(60, Ordering::SeqCst);
            let busy = http::Response::builder().status(500);
            return Ok(busy.body(Bytes::new()).unwrap());
        }
        let mut response =
            http::Response::builder().header("date", httpdate::fmt_http_date(at(now)));
        if self.aged {
            response = response.header("age", "3600");
        }
        let body = if (from..=until).contains(&now) {
            Bytes::new()
        } else {
            response = response.status(403);
            format!(
                "<Error><Code>{}</Code><Message>Request has expired</Message></Error>",
                self.code
            )
            .into()
        };
        Ok(response.body(body).unwrap())
    }
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off_costs_one_extra_attempt_and_then_none() {
    for ours in [-3600, 3600] {
        for code in ["RequestTimeTooSkewed", "AccessDenied"] {
            let world = World::new(ours, code);
            let client = world.client();
            assert_eq!(client.delete_object("a").await.unwrap().attempts, 2);
            assert_eq!(client.delete_object("a").await.unwrap().attempts, 1);
        }
    }
}

#[tokio::test]
async fn a_submission_refused_for_its_time_was_not_carried_out_and_is_signed_again() {
    let world = World::new(3600, "RequestTimeTooSkewed");
    assert_eq!(
        world.client().open_bucket().await.unwrap_err().attempts(),
        2,
        "then the empty answer is unreadable"
    );
}

#[tokio::test]
async fn when_somebody_sets_our_clock_the_shift_is_dropped() {
    let world = World::new(3600, "RequestTimeTooSkewed");
    let client = world.client();
    client.delete_object("a").await.unwrap();
    world.ours.store(NOON, Ordering::SeqCst);
    // Signed an hour too early now; the answer tells, and the call succeeds.
    assert_eq!(client.delete_object("a").await.unwrap().attempts, 2);
    assert_eq!(client.delete_object("a").await.unwrap().attempts, 1);
}

#[tokio::test]
async fn a_cached_answer_and_an_absurd_date_change_nothing() {
    let mut aged = World::new(3600, "RequestTimeTooSkewed");
    aged.aged = true;
    assert_eq!(
        aged.client().delete_object("a").await.unwrap_err().kind(),
        "auth"
    );
    assert_eq!(aged.attempts(), 1);
    let absurd = World::new(-3 * 86400, "RequestTimeTooSkewed");
    assert!(absurd.client().delete_object("a").await.is_err());
    assert_eq!(absurd.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_carries_a_window_of_its_own() {
    let mut world = World::new(0, "AccessDenied");
    world.busy = Arc::new(AtomicI64::new(2));
    let builder =
        Client::builder("media-1250000000", "ap-chongqing").credentials(Credentials::new("I", "K"));
    let client = builder
        .transport(world.clone())
        .clock(world.clone())
        .build()
        .unwrap();
    assert_eq!(client.delete_object("a").await.unwrap().attempts, 3);
    let signed = world.signed.lock().unwrap().clone();
    // A minute passes with every attempt.
    assert_eq!([signed[1] - signed[0], signed[2] - signed[1]], [60, 60]);
}

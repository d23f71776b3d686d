//! Expiry, early renewal, one refresh for all, and keys kept through failure.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::Providing;
use super::*;

const NOON: u64 = 1_700_000_000;

/// Clock and provider in one: gives numbered credentials that last an hour, or fails.
#[derive(Debug, Default)]
struct World {
    now: AtomicU64,
    calls: AtomicU32,
    failing: AtomicBool,
    silent: AtomicBool,
}

#[derive(Debug)]
struct Here(Arc<World>);

impl Clock for Here {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOON + self.0.now.load(Ordering::SeqCst))
    }
}

impl ProvideCredentials for Here {
    fn name(&self) -> &'static str {
        "test"
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(async {
            let number = self.0.calls.fetch_add(1, Ordering::SeqCst);
            // Time stands still: others get the chance to ask too.
            let answer_comes =
                tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>());
            assert!(answer_comes.await.is_err());
            if self.0.silent.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            if self.0.failing.load(Ordering::SeqCst) {
                return Err(CredentialsError::failed("test", "down"));
            }
            let expires = NOON + self.0.now.load(Ordering::SeqCst) + 3600;
            Ok(Credentials::new("id", "key")
                .with_token(format!("t{number}"))
                .with_expiry(expires))
        })
    }
}

fn world() -> (Arc<World>, Arc<Cache>) {
    let world = Arc::new(World::default());
    let here = || Arc::new(Here(Arc::clone(&world)));
    (Arc::clone(&world), Arc::new(Cache::new(here(), here())))
}

async fn token(cache: &Cache) -> String {
    cache.get().await.unwrap().token().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_at_once_make_one_call_good_or_bad() {
    let (world, cache) = world();
    for failing in [true, false] {
        world.failing.store(failing, Ordering::SeqCst);
        let before = world.calls.load(Ordering::SeqCst);
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let cache = Arc::clone(&cache);
            callers.spawn(async move { cache.get().await.is_err() });
        }
        let failed = callers.join_all().await;
        assert!(failed.iter().all(|failed| *failed == failing));
        assert_eq!(world.calls.load(Ordering::SeqCst) - before, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_are_kept_renewed_early_and_survive_a_failing_provider() {
    let (world, cache) = world();
    assert_eq!(token(&cache).await, "t0");
    world.now.store(3600 - 601, Ordering::SeqCst);
    assert_eq!(token(&cache).await, "t0", "not yet early enough");
    // Half of the early window is jitter; behind it everybody renews.
    world.now.store(3600 - 299, Ordering::SeqCst);
    world.failing.store(true, Ordering::SeqCst);
    assert_eq!(token(&cache).await, "t0", "the old key is still good");
    world.failing.store(false, Ordering::SeqCst);
    assert_eq!(
        token(&cache).await,
        "t0",
        "a provider that is down has a rest"
    );
    assert_eq!(world.calls.load(Ordering::SeqCst), 2);
    world.now.fetch_add(31, Ordering::SeqCst);
    assert_eq!(token(&cache).await, "t2");
    world.now.store(2 * 3600 + 3600, Ordering::SeqCst);
    world.failing.store(true, Ordering::SeqCst);
    assert!(cache.get().await.is_err(), "an expired key is no key");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_holds_up_one_caller_for_a_moment_while_the_key_is_good() {
    let (world, cache) = world();
    assert_eq!(token(&cache).await, "t0");
    world.now.store(3600 - 299, Ordering::SeqCst);
    world.silent.store(true, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let cache = Arc::clone(&cache);
        callers.spawn(async move { token(&cache).await });
    }
    assert!(callers.join_all().await.iter().all(|token| token == "t0"));
    assert_eq!(token(&cache).await, "t0");
    assert!(began.elapsed() <= PATIENCE + Duration::from_millis(10));
    assert_eq!(world.calls.load(Ordering::SeqCst), 2);
    world.silent.store(false, Ordering::SeqCst);
    world.now.fetch_add(31, Ordering::SeqCst);
    assert_eq!(token(&cache).await, "t2");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced_once_for_all_who_hold_it() {
    let (world, cache) = world();
    let held = cache.get().await.unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (cache, held) = (Arc::clone(&cache), held.clone());
        callers.spawn(async move {
            cache
                .replace(&held)
                .await
                .unwrap()
                .token()
                .unwrap()
                .to_owned()
        });
    }
    assert!(callers.join_all().await.iter().all(|token| token == "t1"));
    assert_eq!(world.calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_the_refresh_to_the_next() {
    let (_world, cache) = world();
    let gone = tokio::time::timeout(Duration::from_millis(1), cache.get()).await;
    assert!(gone.is_err());
    assert_eq!(token(&cache).await, "t1");
}

#[test]
fn the_time_to_renew_is_jittered_within_the_early_window() {
    let renew = |life: u64, dice: f64| {
        let credentials = Credentials::new("i", "k").with_expiry(NOON + life);
        kept(credentials, NOON as i64, dice).renew_at - NOON as i64
    };
    assert_eq!([renew(7200, 0.0), renew(7200, 1.0)], [6600, 6900]);
    assert_eq!(
        [renew(100, 0.0), renew(100, 1.0)],
        [80, 90],
        "short lives are renewed at four fifths"
    );
    assert_eq!(kept(Credentials::new("i", "k"), 0, 0.0).renew_at, i64::MAX);
}

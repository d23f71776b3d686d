//! Keeps credentials as long as they last: one refresh at a time, early, and never a good key thrown away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cos_sign::Credentials;

use super::{CredentialsError, ProvideCredentials};
use crate::clock::{Clock, unix};
use crate::retry::dice;

/// Longest before their end that credentials are renewed.
const EARLY: i64 = 600;
/// Longest that the caller who renews credentials that are still good waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long nobody tries again, in seconds, when that brought none.
const PAUSE: i64 = 30;
/// Share of their life, from the end, in which they are renewed if that is shorter.
const EARLY_SHARE: f64 = 0.2;

#[derive(Debug)]
pub(crate) struct Cache {
    provider: Arc<dyn ProvideCredentials>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held by whoever asks the provider.
    refreshing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    kept: Option<Kept>,
    /// Counts answers of the provider, good and bad.
    answers: u64,
    failed: Option<CredentialsError>,
}

#[derive(Debug, Clone)]
struct Kept {
    credentials: Credentials,
    renew_at: i64,
    expires_at: i64,
}

impl Cache {
    pub(crate) fn new(provider: Arc<dyn ProvideCredentials>, clock: Arc<dyn Clock>) -> Self {
        Self {
            provider,
            clock,
            state: Mutex::default(),
            refreshing: tokio::sync::Mutex::new(()),
        }
    }

    /// The provider's name.
    pub(crate) fn name(&self) -> &'static str {
        self.provider.name()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Credentials to sign with now.
    pub(crate) async fn get(&self) -> Result<Credentials, CredentialsError> {
        let now = unix(self.clock.now());
        let (kept, answers) = {
            let state = self.state();
            (state.kept.clone(), state.answers)
        };
        match kept {
            Some(kept) if now < kept.renew_at => Ok(kept.credentials),
            // Still good: one caller renews them, the others go on with what there is.
            Some(kept) if now < kept.expires_at => match self.refreshing.try_lock() {
                Ok(_guard) => Ok(self.renew(answers, kept).await),
                Err(_) => Ok(kept.credentials),
            },
            _ => {
                let _guard = self.refreshing.lock().await;
                self.ask(answers).await
            }
        }
    }

    /// New credentials, or the old ones where the provider fails or is slow. Called with `refreshing` held.
    async fn renew(&self, answers: u64, old: Kept) -> Credentials {
        match tokio::time::timeout(PATIENCE, self.ask(answers)).await {
            Ok(Ok(new)) => return new,
            Ok(Err(_)) => {}
            Err(_) => tracing::debug!(provider = self.provider.name(), "slow to renew credentials"),
        }
        // Every call would wait for a provider that is down, and ask it once more.
        let again = unix(self.clock.now()).saturating_add(PAUSE);
        if let Some(kept) = &mut self.state().kept {
            kept.renew_at = kept.renew_at.max(again).min(kept.expires_at);
        }
        old.credentials
    }

    /// Credentials other than these, which the service no longer accepts.
    pub(crate) async fn replace(
        &self,
        rejected: &Credentials,
    ) -> Result<Credentials, CredentialsError> {
        let answers = self.state().answers;
        let _guard = self.refreshing.lock().await;
        {
            let mut state = self.state();
            match &state.kept {
                Some(kept) if kept.credentials.token() != rejected.token() => {
                    return Ok(kept.credentials.clone());
                }
                _ => state.kept = None,
            }
        }
        self.ask(answers).await
    }

    /// Asks the provider, unless somebody else has since `answers` was read. Called with `refreshing` held.
    async fn ask(&self, answers: u64) -> Result<Credentials, CredentialsError> {
        {
            let state = self.state();
            if state.answers != answers {
                match (&state.failed, &state.kept) {
                    (None, Some(kept)) => return Ok(kept.credentials.clone()),
                    (Some(error), _) => return Err(error.clone()),
                    (None, None) => {}
                }
            }
        }
        let answer = self.provider.provide().await;
        let now = unix(self.clock.now());
        let mut state = self.state();
        state.answers += 1;
        match &answer {
            Ok(credentials) => {
                state.failed = None;
                state.kept = Some(kept(credentials.clone(), now, dice()));
            }
            Err(error) => {
                tracing::debug!(provider = self.provider.name(), %error, "no new credentials");
                state.failed = Some(error.clone());
                // The next caller, not one who waited, tries again.
            }
        }
        answer
    }
}

fn kept(credentials: Credentials, now: i64, dice: f64) -> Kept {
    let Some(expires_at) = credentials.expires_at() else {
        return Kept {
            credentials,
            renew_at: i64::MAX,
            expires_at: i64::MAX,
        };
    };
    let expires_at = i64::try_from(expires_at).unwrap_or(i64::MAX);
    let life = expires_at.saturating_sub(now).max(0);
    let early = ((life as f64 * EARLY_SHARE) as i64).min(EARLY);
    // Many machines get their credentials at the same time; they should not all renew them at the same time.
    let renew_at = expires_at - early + (early as f64 * 0.5 * dice) as i64;
    Kept {
        credentials,
        renew_at,
        expires_at,
    }
}

#[cfg(test)]
mod tests;

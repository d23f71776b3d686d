//! The last requests, for people who ask what their program really sent.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::clock::Millis;

/// Requests kept.
const KEPT: usize = 500;

/// One request and its answer. No header values: signatures and tokens stay out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Exchange {
    pub(crate) at: Millis,
    pub(crate) micros: u64,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) operation: &'static str,
    pub(crate) bucket: Option<String>,
    pub(crate) status: u16,
    /// The error code of a refusal.
    pub(crate) code: Option<String>,
    pub(crate) signature: String,
    pub(crate) request_id: String,
}

/// A ring of requests, newest last.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<VecDeque<Exchange>>);

impl Record {
    pub(crate) fn add(&self, exchange: Exchange) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(exchange);
    }

    /// Newest first.
    pub(crate) fn latest(&self, most: usize) -> Vec<Exchange> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().take(most).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

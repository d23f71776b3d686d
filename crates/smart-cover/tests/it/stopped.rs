//! Work that is stopped: by the caller, or by the clock.

use std::time::Duration;

use smart_cover::{Cancel, Limits, Options, Progress, pick};

use crate::clips::{Folder, bikes};

#[test]
fn cancelled_before_it_starts_nothing_is_done() {
    let folder = Folder::new();
    let cancel = Cancel::new();
    cancel.cancel();
    let error = pick(
        &bikes(),
        &Options::new(),
        &folder.covers(),
        &mut |_| {},
        &cancel,
    )
    .expect_err("cancelled");
    assert_eq!((error.code(), folder.left().len()), ("cancelled", 0));
}

#[test]
fn cancelled_while_looking_it_stops_and_leaves_nothing() {
    let folder = Folder::new();
    let cancel = Cancel::new();
    let switch = cancel.clone();
    let mut progress = |progress: Progress| {
        if matches!(progress, Progress::Looking { .. }) {
            switch.cancel();
        }
    };
    let error = pick(
        &bikes(),
        &Options::new(),
        &folder.covers(),
        &mut progress,
        &cancel,
    )
    .expect_err("cancelled");
    assert_eq!((error.code(), folder.left().len()), ("cancelled", 0));
}

#[test]
fn the_time_limit_stops_it_and_leaves_nothing() {
    let folder = Folder::new();
    let options = Options::new().limits(Limits::default().with_time(Duration::from_millis(1)));
    let error = folder.try_pick(&bikes(), &options).expect_err("too late");
    assert_eq!((error.code(), folder.left().len()), ("timed_out", 0));
}

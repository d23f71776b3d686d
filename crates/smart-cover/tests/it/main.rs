//! Covers of real and made-up videos, checked by what a viewer would notice. These tests need ffmpeg and fail without it.

mod clips;
mod kinds;
mod pictures;
mod refused;
mod stages;
mod stopped;

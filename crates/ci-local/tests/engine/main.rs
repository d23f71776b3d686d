//! The engine through its router: real signatures, real SQLite files, real ffmpeg, no port bound.

mod auth;
mod clips;
mod durable;
mod harness;
mod jobs;
mod objects;

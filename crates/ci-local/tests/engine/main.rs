//! The engine through its router: real signatures, real SQLite files, real ffmpeg, no port bound.

mod auth;
mod bodies;
mod both_ways;
mod callbacks;
mod clips;
mod console;
mod control;
mod disk;
mod durable;
mod harness;
mod hostile;
mod jobs;
mod listing;
mod media;
mod objects;
mod port;
mod running;
mod templates;
mod traps;
mod upgrade;

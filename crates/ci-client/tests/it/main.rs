//! The client against peers on loopback that behave, misbehave and fall silent.

mod batch;
mod credentials;
mod extremes;
mod faults;
mod handler;
mod hostile;
mod lists;
mod objects;
mod peer;
mod pool;
mod retry;
mod secrets;
mod service;
mod skew;
mod tls;
mod wait;

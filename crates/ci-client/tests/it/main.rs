//! The client against peers on loopback that behave, misbehave and fall silent.

mod batch;
mod credentials;
mod extremes;
mod faults;
mod handler;
mod hole;
mod hostile;
mod lists;
mod objects;
mod peer;
mod pool;
mod providers;
mod proxy;
mod retry;
mod secrets;
mod service;
mod skew;
mod tls;
mod wait;

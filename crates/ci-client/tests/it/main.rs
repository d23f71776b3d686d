//! The client against peers on loopback that behave, misbehave and fall silent.

mod faults;
mod objects;
mod peer;
mod service;
mod wait;

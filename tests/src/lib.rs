//! Whole-system tests and what they share.

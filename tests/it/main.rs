//! Whole-system tests: every part for real, in one binary.

mod bad_input;
mod batch;
mod console;
mod covers;
mod crash;
mod doc_blocks;
mod doctor;
mod documents;
mod examples;
mod faults;
mod habits;
mod in_process;
mod jobs;
mod kills;
mod limits;
mod listen;
mod migration;
mod rest;
mod sdks;
mod shell;
mod signing;
mod stopping;
mod testing_page;
mod third_party;
mod tls;
mod your_program;

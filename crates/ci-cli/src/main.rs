//! The command-line tool `cosci`.

fn main() {}

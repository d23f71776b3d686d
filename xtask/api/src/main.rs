//! Prints the public items of a library, one a line, from the JSON that rustdoc writes about it.
//!
//! `cargo xtask api` calls it. It is a package of its own so that the other tasks do not wait for what it needs.

use std::process::ExitCode;

use public_api::Builder;

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("api-listing: the JSON file of rustdoc is needed");
        return ExitCode::FAILURE;
    };
    // What the compiler and every derive add by itself says nothing about the library.
    let listing = Builder::from_rustdoc_json(file)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build();
    match listing {
        Ok(api) => {
            for item in api.items() {
                println!("{item}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("api-listing: {error}");
            ExitCode::FAILURE
        }
    }
}

//! Serves an engine on a port: `cargo run -p ci-local --example serve -- [PORT] [FOLDER]`.

use std::error::Error;
use std::iter::successors;
use std::process::ExitCode;

use ci_local::{AuthMode, Config, Engine, LOCAL_SECRET_ID, LOCAL_SECRET_KEY};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What an error came from is its source, and is not repeated in its own text.
            let causes = successors(Some(&*error), |&error| error.source());
            let said: Vec<String> = causes.map(ToString::to_string).collect();
            eprintln!("{}", said.join(": "));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(7717), |port| port.parse())?;
    let config = arguments.next().map_or_else(Config::ephemeral, Config::at);
    let engine = Engine::start(config.auth(AuthMode::Strict).control(true)).await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/_console/", listener.local_addr()?);
    println!("signed by {LOCAL_SECRET_ID} with {LOCAL_SECRET_KEY}");
    engine.serve(listener, std::future::pending()).await;
    engine.shutdown().await;
    Ok(())
}

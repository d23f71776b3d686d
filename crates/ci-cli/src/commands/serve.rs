//! `cosci serve`: the local engine on a port, until it is asked to stop.

use std::net::{IpAddr, SocketAddr};

use ci_local::{AuthMode, Config, Engine, LOCAL_SECRET_ID, LOCAL_SECRET_KEY, Media};
use serde_json::json;
use tokio::net::TcpListener;

use crate::args::Serve;
use crate::failure::{Failure, Kind};
use crate::output::{Output, note, print};
use crate::runtime::Stop;

pub(crate) async fn run(args: Serve, output: Output) -> Result<u8, Failure> {
    // Heard from here on: whoever reads the first line may ask for the end at once.
    let mut stop = Stop::listen()?;
    let listener = listen(&args.addr).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::other(format!("cannot tell where it listens: {error}")))?;
    let own_pair = args.secret_id.as_deref().zip(args.secret_key.as_deref());
    if own_pair.is_none() && !address.ip().is_loopback() {
        return Err(Failure::usage(format!(
            "{address} can be reached from other machines: give --secret-id and --secret-key, or listen on 127.0.0.1"
        )));
    }
    let engine = Engine::start(config(&args))
        .await
        .map_err(|error| Failure::chain(kind_of(&error), &error))?;
    if let Err(error) = smart_cover::Tools::find()
        && args.media != "synthetic"
    {
        note(&format!("cosci: {error}; jobs will fail until it is there"));
    }
    let url = url_of(address);
    if own_pair.is_none() && args.auth != "off" {
        note(&format!(
            "callers sign with {LOCAL_SECRET_ID} and {LOCAL_SECRET_KEY}, the same on every machine"
        ));
    }
    note(&format!("data in {}", engine.folder().display()));
    if output.is_json() {
        output.document(&json!({ "url": url, "console": format!("{url}/_console/") }))?;
    } else {
        print(&format!("{url}\n"))?;
    }
    engine.serve(listener, stop.asked()).await;
    engine.shutdown().await;
    Ok(0)
}

fn config(args: &Serve) -> Config {
    let mut config = if args.ephemeral {
        Config::ephemeral()
    } else {
        Config::at(&args.data)
    };
    config = config.auth(match args.auth.as_str() {
        "off" => AuthMode::Off,
        "warn" => AuthMode::Warn,
        _ => AuthMode::Strict,
    });
    if let (Some(id), Some(key)) = (&args.secret_id, &args.secret_key) {
        config = config.credentials(id, key);
    }
    if let Some(workers) = args.workers {
        config = config.workers(workers.into());
    }
    if args.media == "synthetic" {
        config = config.media(Media::Synthetic);
    }
    config = config
        .region(&args.region)
        .profile(args.profile)
        .require_open(args.require_open)
        .control(args.control);
    if let Some(seed) = args.seed {
        config = config.seed(seed);
    }
    for host in args.callback_host.iter().filter(|host| !host.is_empty()) {
        config = config.allow_callback_host(host);
    }
    if let Some(key) = &args.control_key {
        config = config.control_key(key);
    }
    config
}

pub(super) async fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let (kind, next) = match error.kind() {
            std::io::ErrorKind::InvalidInput => {
                (Kind::Usage, "; write HOST:PORT, as in 127.0.0.1:7717")
            }
            std::io::ErrorKind::AddrInUse => (
                Kind::Other,
                "; another program listens there: --addr 127.0.0.1:0 takes a free port",
            ),
            _ => (Kind::Other, ""),
        };
        Failure::new(kind, format!("cannot listen on {address}: {error}{next}"))
    })
}

/// A folder that cannot be used is the caller's to change; a database that broke is not.
fn kind_of(error: &ci_local::EngineError) -> Kind {
    match error {
        ci_local::EngineError::Io { .. } | ci_local::EngineError::Config { .. } => Kind::BadInput,
        _ => Kind::Other,
    }
}

/// An address that listens everywhere is called by the name of this machine for itself.
pub(super) fn url_of(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_one_that_can_be_called() {
        let url = |text: &str| url_of(text.parse().expect("an address"));
        assert_eq!(url("127.0.0.1:7717"), "http://127.0.0.1:7717");
        assert_eq!(url("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(url("[::1]:80"), "http://[::1]:80");
    }
}

//! Credentials from a place of one's own: here a file that another program rewrites before they end.
//!
//! `cargo run -p ci-tests --example own_credentials -- keys.txt` with three lines in the file: the secret id, the secret
//! key, and the Unix second in which they end. The client asks again early, once at a time, and keeps an old pair
//! until it ends when the file cannot be read.

use std::error::Error;
use std::iter::successors;
use std::path::PathBuf;
use std::process::ExitCode;

use ci_client::core::ListObjects;
use ci_client::credentials::{CredentialsError, ProvideCredentials, Providing};
use ci_client::{Client, ClientBuilder, Credentials};

/// A file with a pair in it.
#[derive(Debug)]
pub(crate) struct FromFile(pub(crate) PathBuf);

impl ProvideCredentials for FromFile {
    fn name(&self) -> &'static str {
        "the file of keys"
    }

    fn provide(&self) -> Providing<'_> {
        Box::pin(async {
            let text = tokio::fs::read_to_string(&self.0)
                .await
                .map_err(|why| CredentialsError::failed(self.name(), why.to_string()))?;
            let mut lines = text.lines();
            let (Some(id), Some(key), Some(end)) = (lines.next(), lines.next(), lines.next())
            else {
                return Err(CredentialsError::failed(
                    self.name(),
                    "it has fewer than three lines",
                ));
            };
            // What a line holds is not repeated in an error: it could be a secret.
            let end = end
                .parse()
                .map_err(|_| CredentialsError::failed(self.name(), "its third line is no time"))?;
            Ok(Credentials::new(id, key).with_expiry(end))
        })
    }
}

/// Any call: the provider is asked when the first one signs.
pub(crate) async fn keys(client: &Client) -> Result<Vec<String>, Box<dyn Error>> {
    let page = client.list_objects(ListObjects::new()).await?.output;
    Ok(page.objects.into_iter().map(|object| object.key).collect())
}

#[tokio::main(flavor = "current_thread")]
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
    let file = std::env::args()
        .nth(1)
        .ok_or("the file of keys is needed")?;
    let client = ClientBuilder::from_env()?
        .credentials(FromFile(file.into()))
        .build()?;
    for key in keys(&client).await? {
        println!("{key}");
    }
    Ok(())
}

//! TLS as this client wants it: its own cryptography, the platform's verdict, bundled roots where there is none.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// Why TLS cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Neither feature is on.
    #[error("built without cryptography: switch on the feature `ring` or `aws-lc-rs`, or use http")]
    NoCryptography,
    /// A further root is not a certificate in PEM.
    #[error("the further TLS root is not a PEM certificate: {0}")]
    Root(String),
    /// No certificate could be checked with what there is.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// Never the default of the process: two libraries that set it differently make programs fail at run time.
fn cryptography() -> Result<Arc<CryptoProvider>, TlsError> {
    #[cfg(feature = "ring")]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    return Err(TlsError::NoCryptography);
}

/// A configuration that trusts what the platform trusts, and these further roots in PEM.
pub(crate) fn config(further: &[Vec<u8>]) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = cryptography()?;
    let mut roots = Vec::new();
    for pem in further {
        let before = roots.len();
        for root in CertificateDer::pem_slice_iter(pem) {
            roots.push(root.map_err(|error| TlsError::Root(error.to_string()))?);
        }
        if roots.len() == before {
            return Err(TlsError::Root("it holds no certificate".into()));
        }
    }
    let verifier = match platform(&roots, &provider) {
        Some(verifier) => verifier,
        None => bundled(roots, &provider)?,
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn platform(
    roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Option<Arc<dyn ServerCertVerifier>> {
    let roots = roots.iter().cloned();
    match rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(provider)) {
        Ok(verifier) => Some(Arc::new(verifier)),
        Err(error) => {
            tracing::debug!(%error, "the platform has no TLS roots, the bundled ones are used");
            None
        }
    }
}

fn bundled(
    roots: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let mut store = RootCertStore::empty();
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for root in roots {
        store
            .add(root)
            .map_err(|error| TlsError::Root(error.to_string()))?;
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
            .build()
            .map_err(|error| TlsError::Setup(error.to_string()))?;
    Ok(verifier)
}

#[cfg(all(test, any(feature = "ring", feature = "aws-lc-rs")))]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_made_without_touching_the_default_of_the_process() {
        assert!(config(&[]).is_ok());
        assert!(CryptoProvider::get_default().is_none());
    }

    #[test]
    fn the_bundled_roots_are_enough_where_the_platform_has_none() {
        assert!(bundled(Vec::new(), &cryptography().unwrap()).is_ok());
    }

    #[test]
    fn a_root_that_is_no_certificate_is_an_error_and_not_a_panic() {
        for pem in [
            "",
            "hello",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let refused = config(&[pem.as_bytes().to_vec()]).map(|_| ()).unwrap_err();
            assert!(
                matches!(refused, TlsError::Root(_) | TlsError::Setup(_)),
                "{pem:?}: {refused}"
            );
        }
    }
}

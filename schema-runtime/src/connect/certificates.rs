//! Certificates: whose are believed, and what is asked of the server's.
//!
//! The chain is checked by rustls; what libpq allows beyond it (no check, no name, a self-signed certificate that is its own root) is
//! decided here.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::ConnectError;
use super::url::{Roots, TlsWish, Verify};

/// The client side of TLS for a wish.
pub(crate) fn client_config(wish: &TlsWish) -> Result<ClientConfig, ConnectError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(wish, provider.clone())?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &wish.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let wrong =
                |problem: String| ConnectError::Certificate { source: certificate.display().to_string(), problem };
            let chain = pem_certificates(certificate).map_err(wrong)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(format!("its key: {error}")))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| wrong(error.to_string()))?
        }
    };
    // What libpq sends since version 17; sslnegotiation=direct needs it.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

#[derive(Debug)]
struct Verifier {
    verify: Verify,
    chains: Option<Arc<WebPkiServerVerifier>>,
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(wish: &TlsWish, provider: Arc<CryptoProvider>) -> Result<Verifier, ConnectError> {
        if wish.verify == Verify::No {
            return Ok(Verifier { verify: wish.verify, chains: None, roots: Vec::new(), provider });
        }
        let roots = roots(&wish.roots)?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build();
        let chains = chains
            .map_err(|error| ConnectError::Certificate { source: name(&wish.roots), problem: error.to_string() })?;
        Ok(Verifier { verify: wish.verify, chains: Some(chains), roots, provider })
    }

    fn chain(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(chains) = &self.chains else { return Ok(()) };
        // A self-signed certificate as its own root: rustls wants an issuer above each one, OpenSSL does not.
        let own_root = self.roots.iter().any(|root| root.as_ref() == leaf.as_ref());
        let by_name = self.verify == Verify::SignatureAndName;
        if own_root {
            return if by_name {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(leaf)?, server)
            } else {
                Ok(())
            };
        }
        match chains.verify_server_cert(leaf, intermediates, server, ocsp, now) {
            Ok(_) => Ok(()),
            // The name is checked last, after the chain was found good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !by_name => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.chain(leaf, intermediates, server, ocsp, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn roots(roots: &Roots) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let wrong = |problem: String| ConnectError::Certificate { source: name(roots), problem };
    let found = match roots {
        Roots::File(path) => pem_certificates(path).map_err(wrong)?,
        Roots::System => rustls_native_certs::load_native_certs().certs,
    };
    if found.is_empty() { Err(wrong("there are none".to_owned())) } else { Ok(found) }
}

fn pem_certificates(path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    read.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn name(roots: &Roots) -> String {
    match roots {
        Roots::System => "system".to_owned(),
        Roots::File(path) => path.display().to_string(),
    }
}

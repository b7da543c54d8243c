//! What SCRAM binds a login to: the hash of the server's certificate (`tls-server-end-point`, RFC 5929).
//!
//! It reads just enough DER to find the certificate's signature algorithm, whose hash is the one to use. Algorithms without a hash
//! of their own have no binding.

use sha2::{Digest, Sha256, Sha384, Sha512};

/// The binding of a certificate; `None` when none is defined for its signature algorithm.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, ... }, ... }
    let (_, content, _) = element(certificate)?;
    let (_, _, after_body) = element(content)?;
    let (_, algorithm, _) = element(after_body)?;
    match element(algorithm)? {
        (OBJECT_IDENTIFIER, oid, _) => hash(oid, certificate),
        _ => None,
    }
}

const OBJECT_IDENTIFIER: u8 = 0x06;
/// 1.2.840.113549.1.1, RSA with PKCS #1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// 1.2.840.10045.4, ECDSA.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];

fn hash(oid: &[u8], certificate: &[u8]) -> Option<Vec<u8>> {
    let rsa = oid.strip_prefix(RSA);
    let ecdsa = oid.strip_prefix(ECDSA);
    match (rsa, ecdsa) {
        // MD5 and SHA-1 are replaced by SHA-256.
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Some(Sha256::digest(certificate).to_vec()),
        (Some([12]), _) | (_, Some([3, 3])) => Some(Sha384::digest(certificate).to_vec()),
        (Some([13]), _) | (_, Some([3, 4])) => Some(Sha512::digest(certificate).to_vec()),
        _ => None,
    }
}

/// The tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEQUENCE { SEQUENCE {}, SEQUENCE { OID } }
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let object = [&[OBJECT_IDENTIFIER, oid.len() as u8], oid].concat();
        let content = [&[0x30, 0, 0x30, object.len() as u8], &*object].concat();
        [&[0x30, 0x81, content.len() as u8], &*content].concat()
    }

    #[test]
    fn the_signature_algorithm_chooses_the_hash() {
        for (oid, length) in [([RSA, &[5]].concat(), 32), ([RSA, &[12]].concat(), 48), ([ECDSA, &[3, 4]].concat(), 64)]
        {
            assert_eq!(end_point(&certificate(&oid)).map(|hash| hash.len()), Some(length));
        }
        assert_eq!(end_point(&certificate(&[0x2b, 0x65, 0x70])), None, "Ed25519 has no hash of its own");
        assert_eq!(end_point(&[0x30, 0x84, 1]), None);
        assert_eq!(end_point(&[]), None);
    }
}

//! Tokens as an attacker makes them: of any header and any claims, with a key that is stolen or one's own.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use sijang_cloud::ministack::user_pool::{TokenSigner, key_id};

use crate::http::Shop;

/// Makes tokens with a key, of whatever header and claims.
pub struct Forger {
    key: KeyPair,
    /// The key id of the pool.
    pub key_id: String,
}

/// Bytes as a part of a token: base64url without padding.
pub fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Forger {
    /// With the key of the signer's pool.
    pub fn inside(shop: &Shop, signer: &TokenSigner) -> Self {
        let key = signer.pool().signing_key(shop.stack().state()).unwrap();
        Self { key_id: key_id(&key).unwrap(), key }
    }

    /// With a key of one's own, under the key id of this forger.
    #[must_use]
    pub fn outside(&self) -> Self {
        Self { key: KeyPair::generate(KeySize::Rsa2048).unwrap(), key_id: self.key_id.clone() }
    }

    /// The usual header.
    pub fn header(&self) -> Value {
        json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id})
    }

    /// A token of this header and these claims, signed with the key.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header.to_string()), part(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", part(signature))
    }

    /// With another header than usual.
    pub fn headed(&self, name: &str, value: Value, claims: &Value) -> String {
        let mut header = self.header();
        header[name] = value;
        self.sign(&header, claims)
    }

    /// The public key as a web key, which anybody may know.
    pub fn jwk(&self, key_id: &str) -> Value {
        let public = self.key.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": part(n), "e": part(e)})
    }

    /// The public key in the forms that could be taken for a secret, by name.
    pub fn public_forms(&self) -> [(&'static str, Vec<u8>); 5] {
        let der: PublicKeyX509Der<'_> = self.key.public_key().as_der().unwrap();
        let modulus = self.key.public_key().modulus().big_endian_without_leading_zero().to_vec();
        [
            ("HS256 by the public key (DER)", der.as_ref().to_vec()),
            ("HS256 by the public key (PEM)", pem(der.as_ref()).into_bytes()),
            ("HS256 by the public key (JWK)", self.jwk(&self.key_id).to_string().into_bytes()),
            ("HS256 by the modulus", modulus),
            ("HS256 by nothing", Vec::new()),
        ]
    }

    /// "Signed" by HMAC with something public for a secret.
    pub fn hmac(&self, secret: &[u8], claims: &Value) -> String {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": self.key_id});
        let message = format!("{}.{}", part(header.to_string()), part(claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", part(tag))
    }
}

/// The claims of a good token with one of them changed, or taken out.
pub fn with(claims: &Value, changes: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
    }
    claims
}

fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

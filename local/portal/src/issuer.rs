//! A small `OpenID` issuer for one's own machine: a key, its JWKS, and access tokens shaped like Cognito's. It exists
//! only here; the deployed code knows an issuer only as a parameter of `template.yaml`.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Audience of the local tokens.
pub const AUDIENCE: &str = "sijang-local";
/// Scope of the customer routes.
pub const CUSTOMER: &str = "shop/customer";
/// Scope of the admin routes.
pub const ADMIN: &str = "shop/admin";
/// Where a customer signs in, below the issuer's URL.
pub const AUTHORIZE_PATH: &str = "/authorize";
/// Where a code is exchanged for a token, below the issuer's URL.
pub const TOKEN_PATH: &str = "/token";
/// How long a token printed by `./local/shop token` is good for.
pub const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// The issuer: a key, and the URL it is known by.
#[derive(Debug)]
pub struct Issuer {
    key: KeyPair,
    key_id: String,
    url: String,
}

impl Issuer {
    /// The issuer with the key in `file`, which is made when it is not there.
    pub fn open(file: &Path, url: impl Into<String>) -> Result<Self> {
        let key = match fs::read(file) {
            Ok(der) => {
                KeyPair::from_pkcs8(&der).map_err(|error| anyhow!("{} holds no key: {error}", file.display()))?
            }
            Err(_) => make_key(file).with_context(|| format!("cannot make the issuer's key {}", file.display()))?,
        };
        let digest = Sha256::digest(key.public_key().as_ref());
        Ok(Self { key, key_id: URL_SAFE_NO_PAD.encode(&digest[..12]), url: url.into() })
    }

    /// The issuer's URL, the `iss` of its tokens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `/.well-known/openid-configuration`.
    pub fn discovery(&self) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks.json", self.url),
            "authorization_endpoint": format!("{}{AUTHORIZE_PATH}", self.url),
            "token_endpoint": format!("{}{TOKEN_PATH}", self.url),
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code"],
            "token_endpoint_auth_methods_supported": ["none"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        })
    }

    /// The public key as a JSON Web Key Set.
    pub fn jwks(&self) -> Value {
        let public = self.key.public_key();
        json!({"keys": [{
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        }]})
    }

    /// An access token for `user`, good for [`TOKEN_LIFE`].
    pub fn token(&self, user: &str, scopes: &[&str]) -> Result<String> {
        self.sign(&self.claims(user, scopes, Timestamp::now().as_second()))
    }

    /// The claims of a token issued at `now` (Unix seconds): for tests that spoil one of them.
    pub fn claims(&self, user: &str, scopes: &[&str], now: i64) -> Value {
        json!({
            "iss": self.url,
            "sub": user,
            "aud": AUDIENCE,
            "client_id": AUDIENCE,
            "token_use": "access",
            "scope": scopes.join(" "),
            "iat": now,
            "nbf": now,
            "exp": now + i64::try_from(TOKEN_LIFE.as_secs()).unwrap_or(i64::MAX - now),
            "jti": ulid::Ulid::generate().to_string(),
        })
    }

    /// Signs any claims with the issuer's key.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|error| anyhow!("cannot sign: {error}"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn make_key(file: &Path) -> Result<KeyPair> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|error| anyhow!("{error}"))?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|error| anyhow!("{error}"))?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    target.write_all(der.as_ref())?;
    Ok(key)
}

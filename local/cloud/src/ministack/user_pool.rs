//! The user pools of the template, as MiniStack runs them, and tokens in their name. MiniStack stores the keys of a pool in
//! its state folder, so a token needs no user, no password and no request.

use std::{fs, time::Duration};

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::{Cloud, Deployment};
use crate::{digest::sha256, layout::StateFolder};

/// Scope of the customers' routes.
pub const CUSTOMER: &str = "shop/customer";
/// Scope of the admin routes.
pub const ADMIN: &str = "shop/admin";
/// How long a token is valid.
pub const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// A pool, and the client with which people sign in to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserPool {
    /// Its issuer: `https://cognito-idp.ap-northeast-2.amazonaws.com/POOL_ID`.
    pub issuer: String,
    /// Id of the client.
    pub client_id: String,
    /// The scope that the client gets.
    pub scope: String,
}

/// The pools of a stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserPools {
    /// Where customers sign in.
    pub customers: UserPool,
    /// Where staff sign in.
    pub staff: UserPool,
}

impl UserPools {
    /// The pools of a deployed stack. MiniStack makes the keys of a pool when they are first asked for.
    pub(crate) async fn open(cloud: &Cloud, deployment: &Deployment) -> Result<Self> {
        let output = |name: &str| {
            let value = deployment.outputs.get(name).cloned();
            value.with_context(|| format!("the stack has no output {name}"))
        };
        let pool = |issuer: &str, client: &str, scope: &str| {
            anyhow::Ok(UserPool { issuer: output(issuer)?, client_id: output(client)?, scope: scope.to_owned() })
        };
        let customers = pool("Issuer", "StorefrontClientId", CUSTOMER)?;
        let staff = pool("StaffIssuer", "StaffClientId", ADMIN)?;
        for pool in [&customers, &staff] {
            cloud.find(&format!("/{}/.well-known/jwks.json", pool.id())).await?;
        }
        Ok(Self { customers, staff })
    }
}

impl UserPool {
    fn id(&self) -> &str {
        self.issuer.rsplit('/').next().unwrap_or_default()
    }

    /// The key that signs its access tokens.
    pub fn signing_key(&self, state: &StateFolder) -> Result<KeyPair> {
        let file = state.ministack().join(format!("state/cognito-pool-keys/{}-access.pem", self.id()));
        let pem = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(base64).with_context(|| format!("{} is no PEM file", file.display()))?;
        KeyPair::from_pkcs8(&der).map_err(|error| anyhow!("{} holds no key: {error}", file.display()))
    }

    /// A signer of its tokens.
    pub fn signer(&self, state: &StateFolder) -> Result<TokenSigner> {
        let key = self.signing_key(state)?;
        Ok(TokenSigner { pool: self.clone(), key_id: key_id(&key)?, key })
    }
}

/// The key id that MiniStack gives a key: the base64 of its digest.
pub fn key_id(key: &KeyPair) -> Result<String> {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|error| anyhow!("{error}"))?;
    Ok(STANDARD.encode(Sha256::digest(der.as_ref())))
}

/// The `sub` of a person. Cognito chooses a UUID. Here it is the name, so that a token of the command line is for the same
/// customer as the sign-in page. A subject is ASCII: for another name, it is a digest of the name.
fn subject(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { sha256(name)[..32].to_owned() }
}

/// Makes tokens of a pool.
#[derive(Debug)]
pub struct TokenSigner {
    pool: UserPool,
    key: KeyPair,
    key_id: String,
}

impl TokenSigner {
    /// The pool.
    pub fn pool(&self) -> &UserPool {
        &self.pool
    }

    /// An access token for the person of this name, valid for [`TOKEN_LIFE`].
    pub fn token(&self, name: &str) -> Result<String> {
        self.sign(&self.claims(name, Timestamp::now().as_second()))
    }

    /// An ID token for the person of this name, for the storefront to greet.
    pub fn id_token(&self, name: &str) -> Result<String> {
        let mut claims = self.claims(name, Timestamp::now().as_second());
        for (claim, value) in [("token_use", "id"), ("aud", self.pool.client_id.as_str()), ("name", name)] {
            claims[claim] = value.into();
        }
        claims.as_object_mut().context("claims are an object")?.remove("scope");
        self.sign(&claims)
    }

    /// The claims of an access token that Cognito issues at `now` (Unix seconds).
    pub fn claims(&self, name: &str, now: i64) -> Value {
        json!({
            "iss": self.pool.issuer,
            "sub": subject(name),
            "username": name,
            "client_id": self.pool.client_id,
            "token_use": "access",
            "scope": self.pool.scope,
            "auth_time": now,
            "iat": now,
            "exp": now + i64::try_from(TOKEN_LIFE.as_secs()).unwrap_or(i64::MAX - now),
            "jti": Ulid::generate().to_string(),
        })
    }

    /// Signs any claims.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": "RS256", "kid": self.key_id});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.map_err(|error| anyhow!("cannot sign: {error}"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_is_the_name_or_a_digest_in_ascii() {
        assert_eq!(subject("alice"), "alice");
        let [one, other] = ["민준", "서연"].map(subject);
        assert!(one != other && one.is_ascii() && one.len() == 32, "{one} {other}");
        assert_eq!(subject("민준"), one);
    }
}

//! The codes that were given out and not yet exchanged: each good once, for a minute, for the client and the address that it
//! was asked for, and only for whoever knows the verifier behind the challenge.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

const LIFE: Duration = Duration::from_mins(1);

/// The grant behind a code.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) name: String,
    /// Id of the client that asked.
    pub(super) client: String,
    /// Where the code was sent.
    pub(super) callback: String,
    /// SHA-256 of the verifier, in URL-safe base64.
    pub(super) challenge: String,
}

#[derive(Debug, Default)]
pub(super) struct Grants(Mutex<HashMap<String, (Grant, Instant)>>);

impl Grants {
    /// A code for the grant.
    pub(super) fn give(&self, grant: Grant) -> String {
        let mut random = [0; 32];
        SystemRandom::new().fill(&mut random).expect("the system has random numbers");
        let code = URL_SAFE_NO_PAD.encode(random);
        let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        grants.retain(|_, (_, given)| given.elapsed() < LIFE);
        grants.insert(code.clone(), (grant, Instant::now()));
        code
    }

    /// The name behind a code, which is worth nothing afterwards, whatever the rest is.
    pub(super) fn redeem(&self, code: &str, verifier: &str, client: &str, callback: &str) -> Option<String> {
        let (grant, given) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(code)?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let is_asker = client == grant.client && callback == grant.callback;
        (given.elapsed() < LIFE && challenge == grant.challenge && is_asker).then_some(grant.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    const CLIENT: &str = "storefront";
    const CALLBACK: &str = "http://shop/";

    fn grant() -> Grant {
        let [name, client, callback, challenge] = ["alice", CLIENT, CALLBACK, CHALLENGE].map(str::to_owned);
        Grant { name, client, callback, challenge }
    }

    #[test]
    fn a_code_is_good_once() {
        let grants = Grants::default();
        let code = grants.give(grant());
        assert_eq!(grants.redeem(&code, VERIFIER, CLIENT, CALLBACK).unwrap(), "alice");
        assert!(grants.redeem(&code, VERIFIER, CLIENT, CALLBACK).is_none());
    }

    #[test]
    fn a_stolen_code_is_worth_nothing_without_the_verifier() {
        let grants = Grants::default();
        let code = grants.give(grant());
        assert!(grants.redeem(&code, "guessed", CLIENT, CALLBACK).is_none());
        assert!(grants.redeem(&code, VERIFIER, CLIENT, CALLBACK).is_none(), "and it is spent");
    }

    #[test]
    fn a_code_is_good_for_the_client_and_the_address_that_it_was_asked_for() {
        for (client, callback) in [("operations", CALLBACK), (CLIENT, "http://elsewhere/")] {
            let grants = Grants::default();
            let code = grants.give(grant());
            assert!(grants.redeem(&code, VERIFIER, client, callback).is_none(), "{client} {callback}");
        }
    }
}

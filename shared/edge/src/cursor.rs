//! Cursors: the position at which a list goes on, opaque to the client and authenticated.
//!
//! A cursor is bound to its list and its owner. A cursor that was changed, or that comes from another list or user, is
//! rejected. So every position that [`CursorKey::open`] returns was written by [`CursorKey::seal`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sijang_domain::Position;

/// Bytes of the authentication code.
const TAG: usize = 16;

/// The key by which cursors are authenticated.
#[derive(Clone)]
pub struct CursorKey(Vec<u8>);

impl CursorKey {
    /// The key in the environment (`CURSOR_KEY`), for as long as the process runs.
    ///
    /// # Errors
    /// When there is none, or one that is too short: anybody could make cursors.
    pub fn from_env() -> Result<&'static Self, crate::Error> {
        let key = std::env::var("CURSOR_KEY").ok().and_then(Self::new);
        let key = key.ok_or("CURSOR_KEY must be set, to 16 characters or more")?;
        Ok(Box::leak(Box::new(key)))
    }

    /// This key, if it has 16 bytes or more.
    pub fn new(key: String) -> Option<Self> {
        (key.len() >= 16).then(|| Self(key.into_bytes()))
    }

    pub(crate) fn seal(&self, list: &str, owner: &str, position: &Position) -> String {
        let mut bytes = self.tag(list, owner, position.0.as_bytes()).to_vec();
        bytes.extend_from_slice(position.0.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn open(&self, list: &str, owner: &str, cursor: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, position) = bytes.split_at_checked(TAG)?;
        self.mac(list, owner, position).verify_truncated_left(tag).ok()?;
        String::from_utf8(position.to_vec()).ok().map(Position)
    }

    fn tag(&self, list: &str, owner: &str, position: &[u8]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        tag.copy_from_slice(&self.mac(list, owner, position).finalize().into_bytes()[..TAG]);
        tag
    }

    fn mac(&self, list: &str, owner: &str, position: &[u8]) -> Hmac<Sha256> {
        #[allow(clippy::expect_used)]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [list.as_bytes(), owner.as_bytes(), position] {
            // The length comes first, so that no bytes can be moved from one part to the next.
            mac.update(&part.len().to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CursorKey {
        CursorKey(b"a key of the tests".to_vec())
    }

    #[test]
    fn a_cursor_opens_only_for_its_list_owner_and_key() {
        let position = Position("TX#01J 4200".to_owned());
        let cursor = key().seal("orders", "alice", &position);
        assert_eq!(key().open("orders", "alice", &cursor), Some(position));
        assert_eq!(key().open("orders", "bob", &cursor), None);
        assert_eq!(key().open("ordersa", "lice", &cursor), None);
        assert_eq!(key().open("coupons", "alice", &cursor), None);
        assert_eq!(CursorKey(b"another key, as long".to_vec()).open("orders", "alice", &cursor), None);
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let cursor = key().seal("orders", "alice", &Position("01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()));
        for place in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key().open("orders", "alice", &changed), None, "{place}");
        }
        for cursor in ["", "A", "!!!!", "가나다", &cursor[..10], &format!("{cursor}A")] {
            assert_eq!(key().open("orders", "alice", cursor), None, "{cursor:?}");
        }
    }
}

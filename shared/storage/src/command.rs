//! Commands as the tables know them.
//!
//! Each command writes exactly one event item, whose key is user, operation and idempotency key. The event is the
//! idempotency record (a second request finds the first one's answer in it), the outbox message, and the history. There
//! is no "in progress" state: the event is there with everything else of its transaction, or nothing is.

use sijang_domain::{Command, Error, Moment, UserId};
use tokio::time::Instant;

/// The key of the command's event. Neither an operation nor an idempotency key can have a `#`, so that the parts can be
/// told apart whatever the user is called.
pub(crate) fn request_of(command: &Command) -> String {
    format!("{}#{}#{}", command.user, command.operation, command.key.as_str())
}

/// The user in the key of an event.
pub(crate) fn user_of(request: &str) -> Result<UserId, Error> {
    let user = request.rsplitn(3, '#').nth(2).ok_or_else(|| Error::corrupt("event key", "too few parts"))?;
    UserId::parse(user).map_err(|_| Error::corrupt("event key", "not a user"))
}

/// Whether there is time for another try.
pub(crate) fn in_time(moment: Moment) -> Result<(), Error> {
    if Instant::now() < moment.deadline.into() {
        Ok(())
    } else {
        Err(Error::Busy("others kept changing the same items until the deadline".to_owned()))
    }
}

/// Randomness for a new identifier, and for the choice of a shard: to be told apart, not to be kept secret. Like every
/// wait in here it comes from where it can be given a seed, so that a simulation can be repeated.
pub(crate) fn random() -> u128 {
    fastrand::u128(..)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use sijang_domain::{Fingerprint, IdempotencyKey, Timestamp};

    use super::*;

    fn until(deadline: Instant) -> Moment {
        Moment { now: Timestamp::from_millis(0).unwrap(), deadline }
    }

    #[test]
    fn there_is_time_for_another_try_before_the_deadline_only() {
        assert!(in_time(until(Instant::now() + Duration::from_mins(1))).is_ok());
        assert!(matches!(in_time(until(Instant::now())), Err(Error::Busy(_))));
    }

    #[test]
    fn the_user_can_be_read_from_an_event_key_whatever_it_is_called() {
        for name in ["alice", "a#place-order#k", "#", "auth0|1"] {
            let command = Command {
                user: UserId::parse(name).unwrap(),
                operation: "place-order",
                key: IdempotencyKey::parse("k-1").unwrap(),
                fingerprint: Fingerprint::of(&()),
                moment: until(Instant::now()),
                trace: None,
            };
            assert_eq!(user_of(&request_of(&command)).unwrap(), command.user);
        }
        assert!(user_of("alice#place-order").is_err());
    }
}

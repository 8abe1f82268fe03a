//! The deadline of a request.

use sijang_domain::{Error, RequestTime};
use tokio::time::Instant;

/// Whether there is time for another attempt.
///
/// # Errors
/// [`Error::Busy`] once the deadline has passed.
pub(crate) fn check_deadline(time: RequestTime) -> Result<(), Error> {
    if Instant::now() < time.deadline.into() {
        Ok(())
    } else {
        Err(Error::Busy("other requests kept changing the same items until the deadline".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use sijang_domain::Timestamp;

    use super::*;

    #[test]
    fn attempt_is_allowed_before_the_deadline_only() {
        let until = |deadline| RequestTime { now: Timestamp::EPOCH, deadline };
        assert!(check_deadline(until(Instant::now() + Duration::from_mins(1))).is_ok());
        assert!(matches!(check_deadline(until(Instant::now())), Err(Error::Busy(_))));
    }
}

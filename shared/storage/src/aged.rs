//! Values that are cached for a limited time.

use std::time::Duration;

use sijang_domain::Timestamp;

/// For how long a campaign is cached. A request may take eight seconds more, and clocks differ a little: voided coupons
/// are rejected everywhere within a minute.
pub(crate) const CAMPAIGN_CACHED: Duration = Duration::from_secs(30);

/// For how long pages show a sum over shards.
pub(crate) const VIEW_CACHED: Duration = Duration::from_secs(1);

/// A value that is used until it has some age. The time is that of the requests, by the wall clock: a monotonic clock
/// may stand still while an environment is frozen.
#[derive(Debug, Clone)]
pub(crate) struct Aged<T> {
    value: T,
    read_at: Timestamp,
}

impl<T> Aged<T> {
    pub(crate) fn new(value: T, read_at: Timestamp) -> Self {
        Self { value, read_at }
    }

    /// The value, for a request that arrives now; nothing when it is too old, or from the future of a clock that was
    /// set back.
    pub(crate) fn fresh(self, now: Timestamp, limit: Duration) -> Option<T> {
        let age = u64::try_from(now.millis() - self.read_at.millis()).ok().map(Duration::from_millis)?;
        (age < limit).then_some(self.value)
    }
}

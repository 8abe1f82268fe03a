//! How far behind the order events are: the one place of the store that looks at the clock, for a metric only.

use std::time::{SystemTime, UNIX_EPOCH};

use metrics::histogram;
use sijang_domain::{Timestamp, metric::Metric};

/// Measures how long ago it happened, if anything did.
#[allow(clippy::cast_precision_loss)] // CloudWatch has floats only
pub fn record_lag(metric: &Metric, since: Option<Timestamp>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    if let Some(since) = since {
        histogram!(metric.name).record(behind(now, since) as f64);
    }
}

/// Milliseconds from then to now. A clock that is behind the event's makes it zero.
fn behind(now: i64, since: Timestamp) -> i64 {
    (now - since.millis()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_the_time_since_and_never_negative() {
        let since = Timestamp::from_millis(1_000).unwrap();
        assert_eq!([behind(1_250, since), behind(1_000, since), behind(750, since)], [250, 0, 0]);
    }
}

//! How far behind the order events are: the one place of the store that looks at the clock, for a metric only.

use std::time::{SystemTime, UNIX_EPOCH};

use metrics::histogram;
use sijang_domain::{Timestamp, metric::Metric};

/// Measures how long ago it happened, if anything did. A clock that is behind the event's makes it zero.
#[allow(clippy::cast_precision_loss)] // CloudWatch has floats only
pub fn lag(metric: &Metric, since: Option<Timestamp>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    if let Some(since) = since {
        histogram!(metric.name).record((now - since.millis()).max(0) as f64);
    }
}

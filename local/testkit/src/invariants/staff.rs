//! The history of staff: each accepted command of staff has one action there.

use super::{
    Violations,
    rows::{Rows, StaffAction},
    sorted,
};

impl Rows {
    /// Events from before the first action are of a release that had no such history.
    pub(super) fn staff_events_match_actions(&self, violations: &mut Violations) {
        let recorded = self.actions.iter().map(StaffAction::request);
        let first = self.actions.iter().map(|action| action.action_id.as_str()).min().map(millis);
        let events = self.events.iter();
        let accepted = events.filter(|event| event.is_of_staff() && first.is_some_and(|first| event.at >= first));
        let accepted = accepted.map(|event| event.request.clone());
        violations.equal("events and actions of staff", sorted(accepted), sorted(recorded));
    }
}

/// The time in a ULID, in milliseconds since the epoch.
fn millis(id: &str) -> i64 {
    ulid::Ulid::from_string(id).unwrap().timestamp_ms().cast_signed()
}

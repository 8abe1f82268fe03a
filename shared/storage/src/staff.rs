//! The history of staff: one item for each accepted command, by day in Seoul, written in the command's own transaction.

use serde::{Deserialize, Serialize};
use sijang_domain::{ActionSubject, Command, Day, EntryId, Error, FieldChange, Page, Position, StaffAction};

use crate::{
    Store,
    dynamodb::{
        query::Query,
        transaction::{Transaction, from_item, key},
    },
    random::random,
};

/// An action as the table stores it.
#[derive(Debug, Serialize, Deserialize)]
struct ActionRow {
    seoul_day: Day,
    #[serde(flatten)]
    action: StaffAction,
}

/// The subject of a staff command, and its changes.
#[derive(Debug, Clone)]
pub(crate) struct ActionDetails {
    pub(crate) subject: ActionSubject,
    pub(crate) changes: Vec<FieldChange>,
}

impl Transaction {
    /// Records the command of staff that the transaction carries out. It has no condition, so it stands at the end.
    pub(crate) fn record_action(
        &mut self,
        table: &str,
        command: &Command,
        details: &ActionDetails,
    ) -> Result<(), Error> {
        let now = command.time.now;
        let action = StaffAction {
            action_id: EntryId::new(now, random()),
            action: command.operation.to_owned(),
            staff_id: command.user.clone(),
            reason: command.reason.clone(),
            idempotency_key: command.key.as_str().to_owned(),
            subject: details.subject.clone(),
            changes: details.changes.clone(),
            created_at: now,
        };
        self.put(table, &ActionRow { seoul_day: Day::of(now), action })
    }
}

impl Store {
    /// What staff did on a day in Seoul, newest first.
    pub async fn staff_actions(
        &self,
        day: Day,
        limit: usize,
        after: Option<Position>,
    ) -> Result<Page<StaffAction>, Error> {
        let query = Query {
            table: &self.tables.staff_actions,
            condition: "seoul_day = :day",
            values: vec![(":day", day.to_string())],
            after: after.map(|after| key([("seoul_day", day.to_string()), ("action_id", after.0)])),
            newest_first: true,
            consistent: true,
            ..Query::default()
        };
        let items = self.query(query, limit + 1).await?;
        let rows = items.into_iter().map(|item| from_item("action of staff", item));
        let actions = rows.map(|row| row.map(|ActionRow { action, .. }| action)).collect::<Result<Vec<_>, Error>>()?;
        Ok(Page::cut(actions, limit, |action| Position(action.action_id.to_string())))
    }
}

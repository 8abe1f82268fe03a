//! The reconciler's own mark, beside the sales: which day it is at, and how far. There is one.

use serde::{Deserialize, Serialize};
use sijang_domain::{Day, Error, UserId};

use crate::{
    Item, Store,
    error::failed,
    transaction::{from_item, key},
};

const BOOKS: &str = "BOOKS";
const NIGHT: &str = "NIGHT";

/// How far the reconciler came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    pk: String,
    sk: String,
    /// The day whose orders it looks at, or has.
    day: Day,
    /// The first of the nights without a gap: only between them can stock be compared.
    pub(super) since: Day,
    pub(super) shelves_read: bool,
    /// The last customer that it looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<UserId>,
    pub(super) done: bool,
}

impl Mark {
    /// Where to begin with a day: where the last run of the night ended, or at its beginning.
    pub(super) fn of_night(last: Option<Self>, day: Day) -> Self {
        let since = match last {
            Some(last) if last.day == day => return last,
            Some(last) if last.shelves_read && last.day.plus(1) == day => last.since,
            _ => day,
        };
        let (pk, sk) = (BOOKS.to_owned(), NIGHT.to_owned());
        Self { pk, sk, day, since, shelves_read: false, after: None, done: false }
    }

    /// Whether nothing is left of the day.
    pub(super) fn is_beyond(&self, day: Day) -> bool {
        self.day > day || (self.day == day && self.done)
    }
}

impl Store {
    pub(super) async fn mark(&self) -> Result<Option<Mark>, Error> {
        let key = key([("pk", BOOKS.to_owned()), ("sk", NIGHT.to_owned())]);
        let found = self.get_all(&self.tables.sales, vec![key], true).await?.pop();
        found.map(|item| from_item("mark", item)).transpose()
    }

    /// Puts one of the reconciler's own items.
    pub(super) async fn keep(&self, item: Item) -> Result<(), Error> {
        let put = self.db.put_item().table_name(&self.tables.sales).set_item(Some(item));
        put.send().await.map(drop).map_err(failed)
    }
}

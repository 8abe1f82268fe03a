//! The reconciler's own checkpoint, beside the sales: which day it is at, and how far. There is one.

use serde::{Deserialize, Serialize};
use sijang_domain::{Day, Error, UserId};

use crate::{
    Item, Store,
    dynamodb::error::failed,
    dynamodb::transaction::{from_item, key},
};

const BOOKS: &str = "BOOKS";
const NIGHT: &str = "NIGHT";

/// How far the reconciler came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pk: String,
    sk: String,
    /// The day whose orders it looks at, or has.
    day: Day,
    /// The first of the nights without a gap: only between them can stock be compared.
    pub(super) since: Day,
    #[serde(rename = "shelves_read")]
    pub(super) stock_read: bool,
    /// The last customer that it checked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<UserId>,
    pub(super) done: bool,
}

impl Checkpoint {
    /// Where to begin with a day: where the last run of the night ended, or at its beginning.
    pub(super) fn of_run(last: Option<Self>, day: Day) -> Self {
        let since = match last {
            Some(last) if last.day == day => return last,
            Some(last) if last.stock_read && last.day.plus(1) == day => last.since,
            _ => day,
        };
        let (pk, sk) = (BOOKS.to_owned(), NIGHT.to_owned());
        Self { pk, sk, day, since, stock_read: false, after: None, done: false }
    }

    /// Whether nothing is left of the day.
    pub(super) fn is_beyond(&self, day: Day) -> bool {
        self.day > day || (self.day == day && self.done)
    }
}

impl Store {
    pub(super) async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let key = key([("pk", BOOKS.to_owned()), ("sk", NIGHT.to_owned())]);
        let found = self.get_all(&self.tables.sales, vec![key], true).await?.pop();
        found.map(|item| from_item("checkpoint", item)).transpose()
    }

    /// Puts one of the reconciler's own items.
    pub(super) async fn put_own_item(&self, item: Item) -> Result<(), Error> {
        let put = self.db.put_item().table_name(&self.tables.sales).set_item(Some(item));
        put.send().await.map(drop).map_err(failed)
    }
}

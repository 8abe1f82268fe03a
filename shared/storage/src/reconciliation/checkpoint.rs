//! The reconciler's checkpoint, one item in the table `sales`: the day and how far the run came.

use serde::{Deserialize, Serialize};
use sijang_domain::{Day, Error, UserId};

use crate::{
    Item, Store,
    dynamodb::error::failed,
    dynamodb::transaction::{from_item, key},
};

/// The key of the item, from the first release.
const PARTITION: &str = "BOOKS";
const SORT: &str = "NIGHT";

/// How far the reconciler came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pk: String,
    sk: String,
    /// The day whose orders are checked.
    day: Day,
    /// The day of the first run since which no day was left out: stock is compared only from there on.
    pub(super) since: Day,
    #[serde(rename = "shelves_read")]
    pub(super) stock_read: bool,
    /// The last customer that was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<UserId>,
    pub(super) done: bool,
}

impl Checkpoint {
    /// Where a run begins: where the previous run of the day ended, or at the beginning of the day.
    pub(super) fn of_run(last: Option<Self>, day: Day) -> Self {
        let since = match last {
            Some(last) if last.day == day => return last,
            Some(last) if last.stock_read && last.day.plus(1) == day => last.since,
            _ => day,
        };
        let (pk, sk) = (PARTITION.to_owned(), SORT.to_owned());
        Self { pk, sk, day, since, stock_read: false, after: None, done: false }
    }

    /// Whether nothing is left of the day.
    pub(super) fn is_beyond(&self, day: Day) -> bool {
        self.day > day || (self.day == day && self.done)
    }
}

impl Store {
    pub(super) async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let key = key([("pk", PARTITION.to_owned()), ("sk", SORT.to_owned())]);
        let found = self.get_all(&self.tables.sales, vec![key], true).await?.pop();
        found.map(|item| from_item("checkpoint", item)).transpose()
    }

    /// Puts one of the reconciler's own items.
    pub(super) async fn put_own_item(&self, item: Item) -> Result<(), Error> {
        let put = self.db.put_item().table_name(&self.tables.sales).set_item(Some(item));
        put.send().await.map(drop).map_err(failed)
    }
}

//! Pages of a list: one query each, resumed after the last item of the page before. No operation scans a table.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::{query::builders::QueryFluentBuilder, transact_get_items::TransactGetItemsError},
    types::{AttributeValue, Get, TransactGetItem},
};
use sijang_domain::{Error, Page, Position, RequestTime};
use tokio::time::Instant;

use crate::{
    Item, Store,
    deadline::check_deadline,
    dynamodb::{
        error::{failed, is_transient},
        transaction::backoff,
    },
};

/// How many items one page of a filtered list reads at most, in calls of [`MOST_OF_A_CALL`].
const MOST_OF_A_PAGE: usize = 500;
/// How many items a later call for the same page reads.
const MOST_OF_A_CALL: usize = 100;

/// A query of one partition, in key order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query<'a> {
    pub(crate) table: &'a str,
    pub(crate) index: Option<&'a str>,
    pub(crate) condition: &'a str,
    pub(crate) values: Vec<(&'a str, String)>,
    pub(crate) after: Option<Item>,
    pub(crate) newest_first: bool,
    pub(crate) consistent: bool,
    /// The attributes that are wanted; all of them, if none is named.
    pub(crate) only: &'a [&'a str],
}

impl Query<'_> {
    /// The attributes that are wanted, as names of their own: some are reserved words.
    fn projection(&self) -> Option<(String, HashMap<String, String>)> {
        let names = || (0..self.only.len()).map(|n| format!("#{n}"));
        let wanted = names().zip(self.only.iter().map(|name| (*name).to_owned()));
        (!self.only.is_empty()).then(|| (names().collect::<Vec<_>>().join(", "), wanted.collect()))
    }
}

impl Store {
    /// Up to `limit` items of a query.
    pub(crate) async fn query(&self, query: Query<'_>, limit: usize) -> Result<Vec<Item>, Error> {
        self.select(query, limit, |item| Ok(Some(item))).await
    }

    /// Up to `limit` values that `keep` makes of a query's items; items for which it returns `None` are skipped.
    pub(crate) async fn select<T>(
        &self,
        query: Query<'_>,
        limit: usize,
        mut keep: impl FnMut(Item) -> Result<Option<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let call = self.query_call(&query);
        let (mut kept, mut after) = (Vec::new(), query.after);
        loop {
            let wanted = i32::try_from(limit - kept.len()).ok();
            let page = call.clone().set_exclusive_start_key(after).set_limit(wanted).send().await.map_err(failed)?;
            for item in page.items.unwrap_or_default() {
                kept.extend(keep(item)?);
            }
            after = page.last_evaluated_key.filter(|key| !key.is_empty());
            if after.is_none() || kept.len() >= limit {
                return Ok(kept);
            }
        }
    }

    /// A page of up to `limit` of what `keep` makes of a query's items. `keys` are the name of the range key, and the
    /// position of an element.
    ///
    /// The page ends early, perhaps without any element, when [`MOST_OF_A_PAGE`] items were read or the deadline has
    /// passed. The next page then begins after the last item that was read.
    pub(crate) async fn select_page<T>(
        &self,
        query: Query<'_>,
        (limit, time): (usize, RequestTime),
        (range_key, position): (&str, impl Fn(&T) -> Position),
        mut keep: impl FnMut(Item) -> Result<Option<T>, Error>,
    ) -> Result<Page<T>, Error> {
        let call = self.query_call(&query);
        let (mut kept, mut read, mut wanted, mut after) = (Vec::new(), 0, limit + 1, query.after);
        loop {
            let some = call.clone().set_exclusive_start_key(after).set_limit(i32::try_from(wanted).ok());
            let page = some.send().await.map_err(failed)?;
            for item in page.items.unwrap_or_default() {
                kept.extend(keep(item)?);
            }
            read += wanted;
            after = page.last_evaluated_key.filter(|key| !key.is_empty());
            let last_read = after.as_ref().and_then(|key| key.get(range_key)?.as_s().ok());
            let Some(last_read) = last_read.filter(|_| kept.len() <= limit) else {
                return Ok(Page::cut(kept, limit, position));
            };
            if read >= MOST_OF_A_PAGE || Instant::now() >= time.deadline.into() {
                return Ok(Page { data: kept, next: Some(Position(last_read.clone())) });
            }
            wanted = MOST_OF_A_CALL;
        }
    }

    /// The call of a query, without where it begins and how much it reads.
    fn query_call(&self, query: &Query<'_>) -> QueryFluentBuilder {
        let (projection, names) = query.projection().unzip();
        let values = query.values.iter().map(|(name, value)| ((*name).to_owned(), AttributeValue::S(value.clone())));
        self.db
            .query()
            .table_name(query.table)
            .set_index_name(query.index.map(ToOwned::to_owned))
            .key_condition_expression(query.condition)
            .set_expression_attribute_values(Some(values.collect()))
            .set_projection_expression(projection)
            .set_expression_attribute_names(names)
            .scan_index_forward(!query.newest_first)
            .consistent_read(query.consistent)
    }

    /// All items of a query.
    pub(crate) async fn query_all(&self, query: Query<'_>) -> Result<Vec<Item>, Error> {
        self.query(query, usize::MAX).await
    }

    /// One item, or nothing.
    pub(crate) async fn get(&self, table: &str, key: Item, consistent: bool) -> Result<Option<Item>, Error> {
        let call = self.db.get_item().table_name(table).set_key(Some(key)).consistent_read(consistent);
        Ok(call.send().await.map_err(failed)?.item)
    }

    /// One item, or nothing, by `TransactGetItems`: the read conflicts with a transaction in flight on the item instead
    /// of missing its effect, and is then retried until the deadline. It costs twice a consistent read.
    pub(crate) async fn get_in_transaction(
        &self,
        table: &str,
        key: Item,
        time: RequestTime,
    ) -> Result<Option<Item>, Error> {
        let get = Get::builder().table_name(table).set_key(Some(key)).build();
        let get = get.map_err(|error| Error::Internal(error.to_string()))?;
        let call = self.db.transact_get_items().transact_items(TransactGetItem::builder().get(get).build());
        for wait in backoff() {
            let error = match call.clone().send().await {
                Ok(answer) => return Ok(answer.responses.unwrap_or_default().pop().and_then(|response| response.item)),
                Err(error) => error,
            };
            let cancelled =
                matches!(error.as_service_error(), Some(TransactGetItemsError::TransactionCanceledException(_)));
            if !cancelled && !is_transient(&error) {
                return Err(failed(error));
            }
            check_deadline(time)?;
            tokio::time::sleep(wait).await;
        }
        Err(Error::Busy("the item could not be read before the deadline".to_owned()))
    }

    /// The items of these keys, in no order; keys without an item are left out.
    pub(crate) async fn get_all(&self, table: &str, keys: Vec<Item>, consistent: bool) -> Result<Vec<Item>, Error> {
        use aws_sdk_dynamodb::types::KeysAndAttributes;

        let mut items = Vec::new();
        for chunk in keys.chunks(100) {
            let mut pending = chunk.to_vec();
            for wait in crate::dynamodb::transaction::backoff().take(10) {
                let keys = KeysAndAttributes::builder().set_keys(Some(pending)).consistent_read(consistent).build();
                let keys = keys.map_err(|error| Error::Internal(error.to_string()))?;
                let answer = self.db.batch_get_item().request_items(table, keys).send().await.map_err(failed)?;
                items.extend(answer.responses.unwrap_or_default().remove(table).unwrap_or_default());
                let left = answer.unprocessed_keys.unwrap_or_default().remove(table);
                pending = left.map(|left| left.keys).unwrap_or_default();
                if pending.is_empty() {
                    break;
                }
                tokio::time::sleep(wait).await;
            }
            if !pending.is_empty() {
                return Err(Error::Busy("keys left unread".to_owned()));
            }
        }
        Ok(items)
    }
}

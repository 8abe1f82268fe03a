//! `TransactWriteItems`: building one, sending it until it has a definite answer, and reading why it was cancelled.
//!
//! A transaction keeps its client token over all attempts, so that a lost reply cannot apply it twice. Conflicts,
//! throttling and lost replies are tried again, with jitter, until the deadline; the conditions' verdict is taken only
//! when no reason of the cancellation is transient, because a conflict may hide what a condition would say.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, http::HttpResponse, interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::{BoxError, SdkError},
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
    types::{
        AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
        Update as UpdateItem,
    },
};
use backon::{BackoffBuilder, ExponentialBuilder};
use serde::Serialize;
use sijang_domain::Error;
use tokio::time::{Instant, sleep, timeout_at};
use ulid::Ulid;

use crate::{
    Item, Store,
    error::{describe, is_transient},
    tries,
};

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Everything was written.
    Committed,
    /// Nothing was written: one entry for each action, in their order.
    Cancelled(Vec<Condition>),
}

/// What became of one action's condition in a cancelled transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// It held.
    Held,
    /// It failed on this item, or on there being none.
    Failed(Option<Item>),
}

/// The actions of a transaction.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    actions: Vec<TransactWriteItem>,
}

impl Transaction {
    /// Puts a new item: the condition is that there is none with its key, shown by the key attribute `absent`.
    pub(crate) fn put_new(&mut self, table: &str, row: &impl Serialize, absent: &str) -> Result<(), Error> {
        self.put_new_item(table, to_item(row)?, absent)
    }

    /// The same for an item.
    pub(crate) fn put_new_item(&mut self, table: &str, item: Item, absent: &str) -> Result<(), Error> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", absent)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.actions.push(TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    /// Puts an item whose key no other item can have (it ends in a fresh identifier).
    pub(crate) fn put(&mut self, table: &str, row: &impl Serialize) -> Result<(), Error> {
        let put = Put::builder().table_name(table).set_item(Some(to_item(row)?)).build();
        let put = put.map_err(|error| Error::Internal(error.to_string()))?;
        self.actions.push(TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    /// Changes an item.
    pub(crate) fn update(&mut self, change: Change) -> Result<(), Error> {
        let update = UpdateItem::builder()
            .table_name(change.table)
            .set_key(Some(change.key))
            .update_expression(change.update)
            .set_condition_expression(change.condition)
            .set_expression_attribute_names((!change.names.is_empty()).then_some(change.names))
            .set_expression_attribute_values((!change.values.is_empty()).then_some(change.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.to_string()))?;
        self.actions.push(TransactWriteItem::builder().update(update).build());
        Ok(())
    }
}

/// A change of one item, with the condition under which it is made.
#[derive(Debug)]
pub(crate) struct Change {
    table: String,
    key: Item,
    update: String,
    condition: Option<String>,
    names: std::collections::HashMap<String, String>,
    values: Item,
}

impl Change {
    pub(crate) fn to(table: &str, key: Item, update: impl Into<String>) -> Self {
        let (table, update) = (table.to_owned(), update.into());
        Self { table, key, update, condition: None, names: std::collections::HashMap::new(), values: Item::new() }
    }

    pub(crate) fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Only if this holds, too.
    pub(crate) fn and(mut self, condition: &str) -> Self {
        self.condition =
            Some(self.condition.map_or_else(|| condition.to_owned(), |held| format!("{held} AND {condition}")));
        self
    }

    /// Goes on with the update.
    pub(crate) fn also(mut self, update: &str) -> Self {
        self.update.push_str(update);
        self
    }

    pub(crate) fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
        self
    }

    pub(crate) fn number(self, placeholder: &str, value: impl Into<i64>) -> Self {
        let value: i64 = value.into();
        self.value(placeholder, AttributeValue::N(value.to_string()))
    }

    pub(crate) fn text(self, placeholder: &str, value: impl std::fmt::Display) -> Self {
        self.value(placeholder, AttributeValue::S(value.to_string()))
    }

    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }
}

/// Waits that grow and scatter, from a few milliseconds to a fifth of a second, without end: the deadline ends them.
pub(crate) fn backoff() -> impl Iterator<Item = Duration> {
    let builder = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(4))
        .with_max_delay(Duration::from_millis(200))
        .with_jitter()
        .without_max_times();
    builder.build()
}

impl Store {
    /// Sends the transaction until it has a definite answer or the deadline is near.
    pub(crate) async fn commit(
        &self,
        transaction: Transaction,
        deadline: std::time::Instant,
    ) -> Result<Outcome, Error> {
        let (mut call, mut waits) = (Call::of(transaction), backoff());
        loop {
            if let Some(outcome) = self.send(&mut call, &mut waits, deadline).await? {
                return Ok(outcome);
            }
        }
    }

    /// The same for a transaction that would do as well with another shard: nothing when somebody else had one of its
    /// items, or there was no capacity for it. The next one, after a moment that has passed by then, need not meet him
    /// again.
    pub(crate) async fn commit_or_give_way(
        &self,
        transaction: Transaction,
        waits: &mut impl Iterator<Item = Duration>,
        deadline: std::time::Instant,
    ) -> Result<Option<Outcome>, Error> {
        self.send(&mut Call::of(transaction), waits, deadline).await
    }

    /// Sends a call until its answer has come; nothing when that was to come again, which is waited for.
    async fn send(
        &self,
        call: &mut Call,
        waits: &mut impl Iterator<Item = Duration>,
        deadline: std::time::Instant,
    ) -> Result<Option<Outcome>, Error> {
        let deadline = Instant::from_std(deadline);
        for wait in waits {
            let Ok(answer) = timeout_at(deadline, call.attempt(&self.db)).await else { break };
            let Err(error) = answer else { return Ok(Some(Outcome::Committed)) };
            if let Some(conditions) = judge(&error)? {
                return Ok(Some(Outcome::Cancelled(conditions)));
            }
            tries::hindered(&error);
            if Instant::now() + wait >= deadline {
                break;
            }
            tries::again();
            tracing::debug!(error = describe(&error), "transaction tried again");
            sleep(wait).await;
            if is_cancelled(&error) {
                return Ok(None);
            }
        }
        Err(Error::Busy("the transaction found no gap before the deadline".to_owned()))
    }
}

/// A transaction on its way. What is sent again is what was sent first, token and all, to the byte: a copy of the actions
/// for an attempt that seldom comes would cost every order.
#[derive(Debug)]
struct Call {
    token: String,
    /// Those of the first attempt.
    actions: Option<Vec<TransactWriteItem>>,
    body: Body,
}

impl Call {
    fn of(transaction: Transaction) -> Self {
        Self { token: Ulid::generate().to_string(), actions: Some(transaction.actions), body: Body::default() }
    }

    async fn attempt(
        &mut self,
        db: &Client,
    ) -> Result<TransactWriteItemsOutput, SdkError<TransactWriteItemsError, HttpResponse>> {
        let actions = self.actions.take().unwrap_or_default();
        let call = db.transact_write_items().set_transact_items(Some(actions)).client_request_token(&self.token);
        call.customize().interceptor(self.body.clone()).send().await
    }
}

/// The body of a call: kept of its first attempt, which has one before anything can fail in passing, and put in place of
/// that of every other.
#[derive(Debug, Clone, Default)]
struct Body(Arc<OnceLock<Vec<u8>>>);

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(first) = self.0.get() {
            request.headers_mut().try_insert("content-length", first.len().to_string())?;
            *request.body_mut() = first.clone().into();
        } else {
            let first = request.body().bytes().ok_or("a transaction is a stream")?;
            self.0.get_or_init(|| first.to_vec());
        }
        Ok(())
    }
}

/// Whether the service has said that nothing of it was written. Of a call that was not answered nobody knows: it is sent
/// again as it is.
fn is_cancelled(error: &SdkError<TransactWriteItemsError>) -> bool {
    matches!(error.as_service_error(), Some(TransactWriteItemsError::TransactionCanceledException(_)))
}

/// The conditions of a definitely cancelled transaction; nothing when it should be tried again.
fn judge(error: &SdkError<TransactWriteItemsError>) -> Result<Option<Vec<Condition>>, Error> {
    if is_transient(error) {
        return Ok(None);
    }
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            verdict(cancelled.cancellation_reasons())
        }
        _ => Err(Error::Internal(format!("transaction rejected: {}", describe(error)))),
    }
}

/// Reads the reasons as a set: a recorded event (the first action) is definite whatever else is in the way; otherwise
/// one transient reason makes the whole cancellation transient.
fn verdict(reasons: &[CancellationReason]) -> Result<Option<Vec<Condition>>, Error> {
    let mut conditions = Vec::with_capacity(reasons.len());
    let mut transient = reasons.is_empty();
    for reason in reasons {
        match reason.code().unwrap_or("None") {
            "None" => conditions.push(Condition::Held),
            "ConditionalCheckFailed" => conditions.push(Condition::Failed(reason.item().cloned())),
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                transient = true;
                conditions.push(Condition::Held);
            }
            other => {
                let message = reason.message().unwrap_or_default();
                return Err(Error::Internal(format!("transaction cancelled by {other}: {message}")));
            }
        }
    }
    let recorded = matches!(conditions.first(), Some(Condition::Failed(_)));
    Ok((recorded || !transient).then_some(conditions))
}

/// The item of a row.
pub(crate) fn to_item(row: &impl Serialize) -> Result<Item, Error> {
    serde_dynamo::to_item(row).map_err(|error| Error::Internal(format!("unwritable item: {error}")))
}

/// The row of an item.
pub(crate) fn from_item<T: serde::de::DeserializeOwned>(what: &str, item: Item) -> Result<T, Error> {
    serde_dynamo::from_item(item).map_err(|error| Error::corrupt(what, error))
}

/// A key of one or two text attributes.
pub(crate) fn key<'a>(attributes: impl IntoIterator<Item = (&'a str, String)>) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).build()
    }

    #[test]
    fn a_condition_is_believed_only_when_no_reason_is_transient() {
        let definite = verdict(&[reason("None"), reason("ConditionalCheckFailed")]).unwrap();
        assert_eq!(definite, Some(vec![Condition::Held, Condition::Failed(None)]));
        for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
            let hidden = verdict(&[reason("None"), reason("ConditionalCheckFailed"), reason(code)]).unwrap();
            assert_eq!(hidden, None, "{code}");
        }
        assert_eq!(verdict(&[]).unwrap(), None, "no reasons are no verdict");
    }

    #[test]
    fn a_recorded_event_is_definite_whatever_else_is_in_the_way() {
        let recorded = verdict(&[reason("ConditionalCheckFailed"), reason("TransactionConflict")]).unwrap();
        assert!(recorded.is_some());
    }

    #[test]
    fn a_reason_that_should_not_happen_is_an_error_not_a_refusal() {
        for code in ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"] {
            assert!(matches!(verdict(&[reason(code)]), Err(Error::Internal(_))), "{code}");
        }
    }

    #[test]
    fn waits_grow_to_a_bound_and_never_end() {
        let waits: Vec<_> = backoff().take(50).collect();
        assert_eq!(waits.len(), 50);
        assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(400)), "{waits:?}");
        assert!(waits[49] >= Duration::from_millis(200));
    }
}

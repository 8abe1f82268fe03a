//! `TransactWriteItems`: building a transaction, sending it until it has a definite outcome, reading why it was cancelled.
//!
//! Attempts whose outcome is unknown keep their client token, so that a lost reply cannot apply a transaction twice.
//! Conflicts, throttling and lost replies are retried with jitter until the deadline. Failed conditions count only when no
//! reason of the cancellation is transient, because a conflict may hide the outcome of a condition.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, http::HttpResponse, interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::{BoxError, ProvideErrorMetadata, SdkError},
    operation::{
        put_item::PutItemError,
        transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{
        AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
        Update as UpdateItem,
    },
};
use aws_smithy_types::body::SdkBody;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use serde::Serialize;
use sijang_domain::{Error, RequestTime};
use tokio::time::{Instant, sleep, timeout_at};
use ulid::Ulid;

use crate::{
    Item, Store,
    dynamodb::{
        error::{describe, failed, is_transient},
        retry_metrics,
    },
};

/// The outcome of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Everything was written.
    Committed,
    /// Nothing was written. One entry for each action, in their order.
    Cancelled(Vec<Condition>),
}

/// The outcome of one action's condition in a cancelled transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// It held.
    Held,
    /// It failed on this item, or on a missing item.
    Failed(Option<Item>),
}

/// The actions of a transaction.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    actions: Vec<TransactWriteItem>,
}

impl Transaction {
    /// Puts an item on the condition that none has its key. `absent` names one of its key attributes.
    pub(crate) fn put_new(&mut self, table: &str, row: &impl Serialize, absent: &str) -> Result<(), Error> {
        self.put_new_item(table, to_item(row)?, absent)
    }

    /// Like [`Transaction::put_new`], for an item.
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

    /// Puts an item without a condition. Its key ends in a new identifier, which no other item has.
    pub(crate) fn put(&mut self, table: &str, row: &impl Serialize) -> Result<(), Error> {
        let put = Put::builder().table_name(table).set_item(Some(to_item(row)?)).build();
        let put = put.map_err(|error| Error::Internal(error.to_string()))?;
        self.actions.push(TransactWriteItem::builder().put(put).build());
        Ok(())
    }

    /// Updates an item.
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

/// An update of one item, with its condition.
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

    /// Adds a condition with AND.
    pub(crate) fn and(mut self, condition: &str) -> Self {
        self.condition =
            Some(self.condition.map_or_else(|| condition.to_owned(), |held| format!("{held} AND {condition}")));
        self
    }

    /// Appends to the update expression.
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

    /// The same outside a transaction.
    fn into_update(self, db: &Client) -> UpdateItemFluentBuilder {
        db.update_item()
            .table_name(self.table)
            .set_key(Some(self.key))
            .update_expression(self.update)
            .set_condition_expression(self.condition)
            .set_expression_attribute_names((!self.names.is_empty()).then_some(self.names))
            .set_expression_attribute_values((!self.values.is_empty()).then_some(self.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Waits between attempts.
pub(crate) type Backoff = ExponentialBackoff;

/// Waits between writes of one item outside a transaction: with jitter, from 2 ms to 16 ms, without end.
fn short_waits() -> Backoff {
    let builder = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(2))
        .with_max_delay(Duration::from_millis(8))
        .with_jitter()
        .without_max_times();
    builder.build()
}

/// Exponential waits with jitter, from 4 ms to 400 ms, without end: the deadline of the request ends them.
pub(crate) fn backoff() -> Backoff {
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
            call.renew_token();
        }
    }

    /// Like [`Store::commit`], for a transaction that may use another shard instead. Returns nothing, after a wait, when
    /// another transaction held one of the items or a table had no capacity.
    pub(crate) async fn try_commit_once(
        &self,
        transaction: Transaction,
        waits: &mut Backoff,
        deadline: std::time::Instant,
    ) -> Result<Option<Outcome>, Error> {
        self.send(&mut Call::of(transaction), waits, deadline).await
    }

    /// Updates one item outside a transaction. It may be sent several times, so a second time its condition must fail, and
    /// the item that comes back must show why.
    ///
    /// The waits are short: a write by itself is done at the first instant at which no transaction holds the item.
    pub(crate) async fn update_alone(&self, change: Change, time: RequestTime) -> Result<Condition, Error> {
        let call = change.into_update(&self.db);
        let current = |error: &UpdateItemError| match error {
            UpdateItemError::ConditionalCheckFailedException(failure) => Some(failure.item.clone()),
            _ => None,
        };
        write_alone(|| call.clone().send(), current, short_waits(), time).await
    }

    /// Puts one item outside a transaction, on the condition that none has its key. `absent` names one of its key
    /// attributes. A transaction in flight that puts the same item is waited for.
    pub(crate) async fn put_new_alone(
        &self,
        table: &str,
        item: Item,
        absent: &str,
        time: RequestTime,
    ) -> Result<Condition, Error> {
        let call = self
            .db
            .put_item()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", absent)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let current = |error: &PutItemError| match error {
            PutItemError::ConditionalCheckFailedException(failure) => Some(failure.item.clone()),
            _ => None,
        };
        write_alone(|| call.clone().send(), current, backoff(), time).await
    }

    /// Sends a call until its outcome is known. Returns nothing, after a wait, when it was cancelled for a transient reason.
    async fn send(
        &self,
        call: &mut Call,
        waits: &mut Backoff,
        deadline: std::time::Instant,
    ) -> Result<Option<Outcome>, Error> {
        let deadline = Instant::from_std(deadline);
        for wait in waits {
            let Ok(answer) = timeout_at(deadline, call.attempt(&self.db)).await else { break };
            let Err(error) = answer else { return Ok(Some(Outcome::Committed)) };
            if let Some(conditions) = classify_failure(&error)? {
                return Ok(Some(Outcome::Cancelled(conditions)));
            }
            retry_metrics::record_cause(reasons(&error).chain(error.code()));
            if Instant::now() + wait >= deadline {
                break;
            }
            retry_metrics::record_retry();
            tracing::debug!(error = describe(&error), "transaction tried again");
            sleep(wait).await;
            if is_cancelled(&error) {
                return Ok(None);
            }
        }
        Err(Error::Busy("the transaction conflicted with others until the deadline".to_owned()))
    }
}

/// Sends the write of one item until its outcome is known. A transaction in flight on the item shows as a conflict, which is
/// transient. `current` is the item on which the condition failed; nothing when the error is another one.
async fn write_alone<T, E: ProvideErrorMetadata, F: Future<Output = Result<T, SdkError<E>>>>(
    send: impl Fn() -> F,
    current: fn(&E) -> Option<Option<Item>>,
    waits: Backoff,
    time: RequestTime,
) -> Result<Condition, Error> {
    let deadline = Instant::from_std(time.deadline);
    for wait in waits {
        let Ok(answer) = timeout_at(deadline, send()).await else { break };
        let Err(error) = answer else { return Ok(Condition::Held) };
        if let Some(item) = error.as_service_error().and_then(current) {
            return Ok(Condition::Failed(item));
        }
        if !is_transient(&error) {
            return Err(failed(error));
        }
        retry_metrics::record_cause(error.code());
        if Instant::now() + wait >= deadline {
            break;
        }
        retry_metrics::record_retry();
        sleep(wait).await;
    }
    Err(Error::Busy("the item could not be written before the deadline".to_owned()))
}

/// A transaction that is being sent. Later attempts send the body of the first one, token included, until the transaction
/// was cancelled. A copy of the actions for a rare retry would cost every order 52,000 instructions and 119 allocations.
#[derive(Debug)]
struct Call {
    token: String,
    /// The actions, until the first attempt has serialised them.
    actions: Option<Vec<TransactWriteItem>>,
    body: FirstBody,
}

impl Call {
    fn of(transaction: Transaction) -> Self {
        Self { token: Ulid::generate().to_string(), actions: Some(transaction.actions), body: FirstBody::default() }
    }

    /// Takes a new token, after a cancellation: `DynamoDB` may answer an old one with the outcome that it had.
    fn renew_token(&mut self) {
        let token = Ulid::generate().to_string();
        self.body.replace(&self.token, &token);
        self.token = token;
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

/// Stores the body of the first attempt, and replaces the body of every later one by it. The bytes are shared, not copied.
#[derive(Debug, Clone, Default)]
struct FirstBody(Arc<OnceLock<SdkBody>>);

const STREAM: &str = "the body of a transaction is a stream";

impl FirstBody {
    /// Replaces one text by another one of the same length.
    fn replace(&mut self, from: &str, to: &str) {
        if let Some(body) = self.0.get().and_then(SdkBody::bytes) {
            let mut body = body.to_vec();
            let at = body.windows(from.len()).position(|text| text == from.as_bytes());
            if let Some(part) = at.and_then(|at| body.get_mut(at..at + from.len())) {
                part.copy_from_slice(to.as_bytes());
            }
            self.0 = Arc::new(OnceLock::from(SdkBody::from(body)));
        }
    }
}

impl Intercept for FirstBody {
    fn name(&self) -> &'static str {
        "FirstBody"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(first) = self.0.get() {
            let length = first.content_length().ok_or(STREAM)?;
            request.headers_mut().try_insert("content-length", length.to_string())?;
            *request.body_mut() = first.try_clone().ok_or(STREAM)?;
        } else {
            let first = request.body().try_clone().ok_or(STREAM)?;
            self.0.get_or_init(|| first);
        }
        Ok(())
    }
}

/// The reasons of a cancelled transaction, by action.
fn reasons(error: &SdkError<TransactWriteItemsError>) -> impl Iterator<Item = &str> {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    };
    reasons.iter().filter_map(CancellationReason::code)
}

/// Whether the service has said that nothing was written. The outcome of a call without an answer is unknown: that call is
/// sent again as it is.
fn is_cancelled(error: &SdkError<TransactWriteItemsError>) -> bool {
    matches!(error.as_service_error(), Some(TransactWriteItemsError::TransactionCanceledException(_)))
}

/// The conditions of a definitely cancelled transaction; nothing when it is to be retried.
fn classify_failure(error: &SdkError<TransactWriteItemsError>) -> Result<Option<Vec<Condition>>, Error> {
    if is_transient(error) {
        return Ok(None);
    }
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            classify_cancellation(cancelled.cancellation_reasons())
        }
        _ => Err(Error::Internal(format!("transaction rejected: {}", describe(error)))),
    }
}

/// Reads the reasons as a set. An existing event (the first action) is definite whatever the other reasons are. Otherwise
/// one transient reason makes the whole cancellation transient.
fn classify_cancellation(reasons: &[CancellationReason]) -> Result<Option<Vec<Condition>>, Error> {
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
    let event_exists = matches!(conditions.first(), Some(Condition::Failed(_)));
    Ok((event_exists || !transient).then_some(conditions))
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
    fn condition_counts_only_when_no_reason_is_transient() {
        let definite = classify_cancellation(&[reason("None"), reason("ConditionalCheckFailed")]).unwrap();
        assert_eq!(definite, Some(vec![Condition::Held, Condition::Failed(None)]));
        for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
            let hidden =
                classify_cancellation(&[reason("None"), reason("ConditionalCheckFailed"), reason(code)]).unwrap();
            assert_eq!(hidden, None, "{code}");
        }
        assert_eq!(classify_cancellation(&[]).unwrap(), None, "no reasons decide nothing");
    }

    #[test]
    fn existing_event_is_definite_whatever_the_other_reasons() {
        let recorded =
            classify_cancellation(&[reason("ConditionalCheckFailed"), reason("TransactionConflict")]).unwrap();
        assert!(recorded.is_some());
    }

    #[test]
    fn unexpected_reason_is_an_error_and_no_rejection() {
        for code in ["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"] {
            assert!(matches!(classify_cancellation(&[reason(code)]), Err(Error::Internal(_))), "{code}");
        }
    }

    #[test]
    fn token_is_replaced_in_the_body_that_was_sent() {
        let mut call = Call::of(Transaction::default());
        let first = call.token.clone();
        call.body.0.set(format!("{{\"ClientRequestToken\":\"{first}\",\"x\":1}}").into()).unwrap();
        call.renew_token();
        assert_ne!(call.token, first);
        let body = String::from_utf8(call.body.0.get().unwrap().bytes().unwrap().to_vec()).unwrap();
        assert_eq!(body, format!("{{\"ClientRequestToken\":\"{}\",\"x\":1}}", call.token));
    }

    #[test]
    fn waits_grow_to_a_bound_and_never_end() {
        let waits: Vec<_> = backoff().take(50).collect();
        assert_eq!(waits.len(), 50);
        assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(400)), "{waits:?}");
        assert!(waits[49] >= Duration::from_millis(200));
    }
}

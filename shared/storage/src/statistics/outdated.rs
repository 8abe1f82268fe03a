//! `OUTDATED`: the days whose stored totals are older than their facts.
//!
//! A daily run counts the three days before it. A fact of an earlier day, such as that of a late cancellation, marks its
//! day here, and the next daily run counts every marked day again. A mark is written after its fact and read before the
//! facts are counted, and a run removes only the mark that it has read: a fact that comes in between keeps its day marked,
//! wherever a process ends.
//!
//! All marks are in one item, with an attribute for each day. Its value is a ULID: when the day was marked, and a random
//! part that makes each mark distinct.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use sijang_domain::{Day, Error, Timestamp};
use ulid::Ulid;

use crate::{
    AttributeValue, Item, Store,
    dynamodb::{error::failed, transaction::key},
    random::random,
};

/// A day that was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutdatedDay {
    pub(crate) day: Day,
    mark: Ulid,
}

impl OutdatedDay {
    /// Nothing for the attributes of the key.
    fn read((name, value): (String, AttributeValue)) -> Option<Self> {
        Some(Self { day: name.parse().ok()?, mark: Ulid::from_string(value.as_s().ok()?).ok()? })
    }

    /// The day on which it was marked. The run of the day after counts it.
    pub(crate) fn marked_on(&self) -> Day {
        let millis = i64::try_from(self.mark.timestamp_ms()).unwrap_or_default();
        Day::of(Timestamp::from_millis(millis).unwrap_or(Timestamp::EPOCH))
    }
}

fn marks() -> Item {
    key([("pk", "OUTDATED".to_owned()), ("sk", "DAYS".to_owned())])
}

impl Store {
    /// Marks days whose facts have changed.
    pub(super) async fn mark_outdated(&self, days: &BTreeSet<Day>, now: Timestamp) -> Result<(), Error> {
        if days.is_empty() {
            return Ok(());
        }
        let mark = Ulid::from_parts(now.millis().unsigned_abs(), random()).to_string();
        let names: HashMap<_, _> = days.iter().enumerate().map(|(n, day)| (format!("#{n}"), day.to_string())).collect();
        let changes: Vec<String> = names.keys().map(|name| format!("{name} = :mark")).collect();
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.sales)
            .set_key(Some(marks()))
            .update_expression(format!("SET {}", changes.join(", ")))
            .set_expression_attribute_names(Some(names))
            .expression_attribute_values(":mark", AttributeValue::S(mark));
        update.send().await.map(drop).map_err(failed)
    }

    /// The marked days, the earliest first.
    pub(crate) async fn outdated_days(&self) -> Result<Vec<OutdatedDay>, Error> {
        let item = self.get_all(&self.tables.sales, vec![marks()], true).await?.pop().unwrap_or_default();
        let mut days: Vec<OutdatedDay> = item.into_iter().filter_map(OutdatedDay::read).collect();
        days.sort_by_key(|outdated| outdated.day);
        Ok(days)
    }

    /// Removes a mark, unless the day has been marked again since it was read.
    pub(super) async fn remove_mark(&self, outdated: &OutdatedDay) -> Result<(), Error> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.sales)
            .set_key(Some(marks()))
            .update_expression("REMOVE #day")
            .condition_expression("#day = :mark")
            .expression_attribute_names("#day", outdated.day.to_string())
            .expression_attribute_values(":mark", AttributeValue::S(outdated.mark.to_string()));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(failed(error)),
        }
    }
}

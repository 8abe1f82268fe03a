//! DynamoDB, simulated: what the store asks for is done for real, and takes its time.
//!
//! A transaction locks all of its items or is cancelled, is then decided, and then changes one item after the other,
//! each of which is free again from that moment on. Reads see what is committed, so that they can see a transaction in
//! parts. The protocol is that of the paper by Idziorek and others (USENIX ATC 2023), without its failures.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::json;
use sijang_cloud::template::Key;
use sijang_domain::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    assumptions::Cloud,
    chance::Chance,
    expression::{holds, updated},
    partitions::{Partitions, Place},
    request::{Action, BatchGetItem, GetItem, Query, TransactGet, TransactGetItems, TransactWriteItems, Write},
    usage::Usage,
    value::{Item, Value, size},
};
use sijang_testkit::engine::TABLES;

/// A deliberate fault of the engine, which the checks must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mutation {
    #[default]
    None,
    /// Two transactions can have the same item.
    NoConflicts,
    /// A transaction loses its last action.
    HalfCommits,
    /// A batch of reads does not see what other shards than the first have left.
    HidesShards,
    /// A put outside a transaction is acknowledged, and neither made nor checked: of those, commands make only the put
    /// of a rejection.
    LosesRejections,
}

/// An answer over the wire.
#[derive(Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: serde_json::Value,
}

impl Reply {
    fn ok(body: serde_json::Value) -> Self {
        Self { status: 200, body }
    }

    fn exception(name: &str) -> Self {
        Self { status: 400, body: json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}") }) }
    }

    fn cancelled(reasons: &[Reason]) -> Self {
        let mut reply = Self::exception("TransactionCanceledException");
        reply.body["CancellationReasons"] = reasons.iter().map(Reason::shown).collect();
        reply
    }
}

/// The cancellation reason of one action.
#[derive(Debug)]
enum Reason {
    None,
    Conflict,
    Throttled,
    Failed(Option<Item>),
}

impl Reason {
    fn shown(&self) -> serde_json::Value {
        match self {
            Self::None => json!({ "Code": "None" }),
            Self::Conflict => json!({ "Code": "TransactionConflict" }),
            Self::Throttled => json!({ "Code": "ThrottlingError" }),
            Self::Failed(None) => json!({ "Code": "ConditionalCheckFailed" }),
            Self::Failed(Some(item)) => json!({ "Code": "ConditionalCheckFailed", "Item": item }),
        }
    }
}

struct Table {
    key: Key,
    items: BTreeMap<Place, Item>,
    partitions: Partitions,
}

impl Table {
    /// Where the item of this key is, or of an item that has it.
    fn place(&self, key: &Item) -> Place {
        let text = |name: &String| key[name].as_text().unwrap().to_owned();
        (text(&self.key.hash), self.key.range.as_ref().map(text).unwrap_or_default())
    }

    /// The item there, if there is one, for its read units.
    fn read(&mut self, place: &Place, consistent: bool, usage: &mut Usage) -> Result<Option<Item>, Throttled> {
        let item = self.items.get(place).cloned();
        let units = read_units(item.iter(), consistent);
        let taken = self.partitions.read(place, units);
        usage.read(units, taken);
        if taken { Ok(item) } else { Err(Throttled) }
    }
}

/// Where the item is, there are no read units left.
struct Throttled;

fn read_units<'a>(items: impl Iterator<Item = &'a Item>, consistent: bool) -> f64 {
    let units = u32::try_from(items.map(size).sum::<usize>().div_ceil(4_096).max(1)).unwrap();
    f64::from(units) / if consistent { 1.0 } else { 2.0 }
}

/// An item as a transaction leaves it.
struct Change {
    table: String,
    place: Place,
    old: Option<Item>,
    new: Item,
    units: u32,
}

struct State {
    tables: HashMap<String, Table>,
    locked: HashSet<(String, Place)>,
    /// The tokens of transactions, and whether they are done.
    tokens: HashMap<String, bool>,
    chance: Chance,
    usage: Usage,
    mutation: Mutation,
}

/// The time when the engine is made: noon in Seoul, 21 November 2026.
pub const NOON: i64 = 1_795_230_000_000;

/// The engine: clones are the same one.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

struct Shared {
    cloud: Cloud,
    began: Instant,
    state: Mutex<State>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// An engine with the tables of the template, all of them empty.
    pub fn new(cloud: &Cloud, seed: u64) -> Self {
        let table = |table: &sijang_cloud::template::Table| {
            let (key, items, partitions) = (table.key.clone(), BTreeMap::new(), Partitions::new(cloud));
            (table.name.clone(), Table { key, items, partitions })
        };
        let state = Mutex::new(State {
            tables: TABLES.iter().map(table).collect(),
            locked: HashSet::new(),
            tokens: HashMap::new(),
            chance: Chance::of(seed),
            usage: Usage::default(),
            mutation: Mutation::None,
        });
        Self(Arc::new(Shared { cloud: cloud.clone(), began: Instant::now(), state }))
    }

    /// The present time.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_millis(NOON + i64::try_from(self.0.began.elapsed().as_millis()).unwrap()).unwrap()
    }

    /// From now on there is something wrong with it.
    pub fn break_with(&self, mutation: Mutation) {
        self.state().mutation = mutation;
    }

    /// Does what a request asks for.
    pub async fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        match operation {
            "TransactWriteItems" => self.transact(serde_json::from_slice(body).unwrap()).await,
            "PutItem" => {
                let request: Write = serde_json::from_slice(body).unwrap();
                self.read(|state| state.write_alone(&Action::Put(request))).await
            }
            "UpdateItem" => {
                let request: Write = serde_json::from_slice(body).unwrap();
                self.read(|state| state.write_alone(&Action::Update(request))).await
            }
            "TransactGetItems" => {
                let request: TransactGetItems = serde_json::from_slice(body).unwrap();
                self.read(|state| state.get_in_transaction(&request)).await
            }
            "GetItem" => {
                let request: GetItem = serde_json::from_slice(body).unwrap();
                self.read(|state| state.get(&request)).await
            }
            "BatchGetItem" => {
                let request: BatchGetItem = serde_json::from_slice(body).unwrap();
                self.read(|state| state.batch_get(&request)).await
            }
            "Query" => {
                let request: Query = serde_json::from_slice(body).unwrap();
                self.read(|state| state.query(&request)).await
            }
            other => panic!("{other} is not simulated"),
        }
    }

    async fn read(&self, read: impl FnOnce(&mut State) -> Reply) -> Reply {
        let (there, back) = {
            let (cloud, mut state) = (&self.0.cloud, self.state());
            let chance = &mut state.chance;
            (chance.time(cloud.network) + chance.time(cloud.read), chance.time(cloud.network))
        };
        sleep(there).await;
        let reply = read(&mut self.state());
        sleep(back).await;
        reply
    }

    async fn transact(&self, request: TransactWriteItems) -> Reply {
        let (begin, decide, back) = {
            let (cloud, mut state) = (&self.0.cloud, self.state());
            let chance = &mut state.chance;
            let begin = chance.time(cloud.network) + chance.time(cloud.begin);
            (begin, chance.time(cloud.decide), chance.time(cloud.network))
        };
        sleep(begin).await;
        let prepared = self.state().prepare(&request);
        let reply = match prepared {
            Err(reply) => reply,
            Ok(changes) => {
                sleep(decide).await;
                for (at, change) in self.decided(changes) {
                    sleep_until(at).await;
                    self.state().apply(change);
                }
                self.state().tokens.insert(request.client_request_token, true);
                Reply::ok(json!({}))
            }
        };
        sleep(back).await;
        reply
    }

    /// When each change is applied, the first one first: from now on they are certain.
    fn decided(&self, changes: Vec<Change>) -> Vec<(Instant, Change)> {
        let mut state = self.state();
        let now = Instant::now();
        state.usage.decided(changes.iter().map(|change| (change.old.as_ref(), &change.new)));
        let time = |change| (now + state.chance.time(self.0.cloud.apply), change);
        let mut changes: Vec<_> = changes.into_iter().map(time).collect();
        changes.sort_by_key(|(at, _)| *at);
        changes
    }

    /// Puts items into a table, at once and for nothing.
    pub fn fill(&self, table: &str, items: impl IntoIterator<Item = Item>) {
        let mut state = self.state();
        let table = state.tables.get_mut(table).unwrap();
        for item in items {
            table.items.insert(table.place(&item), item);
        }
    }

    /// The items of a table.
    pub fn items(&self, table: &str) -> Vec<Item> {
        self.state().tables[table].items.values().cloned().collect()
    }

    /// Usage, to be read or changed.
    pub fn usage<T>(&self, of: impl FnOnce(&mut Usage) -> T) -> T {
        of(&mut self.state().usage)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl State {
    /// Locks the items of a transaction, or says why it is cancelled.
    fn prepare(&mut self, request: &TransactWriteItems) -> Result<Vec<Change>, Reply> {
        match self.tokens.get(&request.client_request_token) {
            Some(true) => return Err(Reply::ok(json!({}))),
            Some(false) => return Err(Reply::exception("TransactionInProgressException")),
            None => {}
        }
        let tried: Vec<_> = request.transact_items.iter().map(|action| self.try_action(action)).collect();
        if tried.iter().any(Result::is_err) {
            let reasons: Vec<_> = tried.into_iter().map(|one| one.err().unwrap_or(Reason::None)).collect();
            self.usage.cancelled(
                reasons.iter().any(|reason| matches!(reason, Reason::Conflict)),
                reasons.iter().any(|reason| matches!(reason, Reason::Throttled)),
            );
            return Err(Reply::cancelled(&reasons));
        }
        self.tokens.insert(request.client_request_token.clone(), false);
        let mut changes: Vec<_> = tried.into_iter().filter_map(Result::ok).collect();
        self.locked.extend(changes.iter().map(|change| (change.table.clone(), change.place.clone())));
        if self.mutation == Mutation::HalfCommits {
            changes.pop();
        }
        Ok(changes)
    }

    fn try_action(&mut self, action: &Action) -> Result<Change, Reason> {
        let write = action.write();
        let table = self.tables.get_mut(&write.table_name).unwrap();
        let place = table.place(&write.key);
        let old = table.items.get(&place);
        let empty = Item::new();
        let seen = old.unwrap_or(&empty);
        let new = match action {
            Action::Put(put) => Ok(put.key.clone()),
            Action::Update(update) => {
                let mut base = seen.clone();
                base.extend(update.key.clone());
                updated(&update.update_expression, &base, update.given())
            }
        };
        // A value cannot be computed when there is no item: then the condition fails.
        let larger = new.as_ref().map_or(0, size).max(size(seen));
        let units = u32::try_from(larger.div_ceil(1_024).max(1)).unwrap();
        if !table.partitions.write(&place, units) {
            return Err(Reason::Throttled);
        }
        self.usage.write(units);
        if self.mutation != Mutation::NoConflicts && self.locked.contains(&(write.table_name.clone(), place.clone())) {
            return Err(Reason::Conflict);
        }
        if !write.condition_expression.as_deref().is_none_or(|condition| holds(condition, seen, write.given()).unwrap())
        {
            let shown = write.return_values_on_condition_check_failure.as_deref() == Some("ALL_OLD");
            return Err(Reason::Failed(old.filter(|_| shown).cloned()));
        }
        let (table, old) = (write.table_name.clone(), old.cloned());
        Ok(Change { table, place, old, new: new.unwrap(), units })
    }

    fn apply(&mut self, change: Change) {
        let table = self.tables.get_mut(&change.table).unwrap();
        table.partitions.owe(&change.place, change.units);
        self.usage.write(change.units);
        table.items.insert(change.place.clone(), change.new);
        self.locked.remove(&(change.table, change.place));
    }

    /// Writes one item outside a transaction: it conflicts with a transaction in flight on the item.
    fn write_alone(&mut self, action: &Action) -> Reply {
        if self.mutation == Mutation::LosesRejections && matches!(action, Action::Put(_)) {
            return Reply::ok(json!({}));
        }
        match self.try_action(action) {
            Ok(change) => {
                self.usage.written_alone(change.old.as_ref(), &change.new);
                let table = self.tables.get_mut(&change.table).unwrap();
                table.items.insert(change.place, change.new);
                Reply::ok(json!({}))
            }
            Err(Reason::Failed(item)) => {
                let mut reply = Reply::exception("ConditionalCheckFailedException");
                reply.body["Item"] = json!(item);
                reply
            }
            Err(Reason::Conflict) => Reply::exception("TransactionConflictException"),
            Err(_) => Reply::exception("ThrottlingException"),
        }
    }

    /// Reads items in a transaction: it conflicts with another one in flight. Each item takes two read units.
    fn get_in_transaction(&mut self, request: &TransactGetItems) -> Reply {
        let (mut responses, mut reasons) = (Vec::new(), Vec::new());
        for TransactGet { get } in &request.transact_items {
            let table = self.tables.get_mut(&get.table_name).unwrap();
            let place = table.place(&get.key);
            let _second_unit = table.read(&place, true, &mut self.usage);
            let read = table.read(&place, true, &mut self.usage);
            reasons.push(match read {
                _ if self.locked.contains(&(get.table_name.clone(), place)) => Reason::Conflict,
                Err(Throttled) => Reason::Throttled,
                Ok(item) => {
                    responses.push(item.map_or_else(|| json!({}), |item| json!({ "Item": item })));
                    Reason::None
                }
            });
        }
        if responses.len() == reasons.len() {
            Reply::ok(json!({ "Responses": responses }))
        } else {
            Reply::cancelled(&reasons)
        }
    }

    fn get(&mut self, request: &GetItem) -> Reply {
        let table = self.tables.get_mut(&request.table_name).unwrap();
        let place = table.place(&request.key);
        match table.read(&place, request.consistent_read, &mut self.usage) {
            Ok(Some(item)) => Reply::ok(json!({ "Item": item })),
            Ok(None) => Reply::ok(json!({})),
            Err(Throttled) => Reply::exception("ThrottlingException"),
        }
    }

    /// A batch is throttled as a whole only when nothing of it could be read.
    fn batch_get(&mut self, request: &BatchGetItem) -> Reply {
        let (mut responses, mut unread) = (BTreeMap::new(), serde_json::Map::new());
        let mut any = false;
        for (name, wanted) in &request.request_items {
            let table = self.tables.get_mut(name).unwrap();
            let (mut found, mut left) = (Vec::new(), Vec::new());
            for key in &wanted.keys {
                let place = table.place(key);
                match table.read(&place, wanted.consistent_read, &mut self.usage) {
                    Ok(mut item) => {
                        any = true;
                        if let Some(stock) = item.as_mut().and_then(|item| item.get_mut("stock"))
                            && self.mutation == Mutation::HidesShards
                            && place.1 != "STOCK#0"
                        {
                            *stock = Value::number(0);
                        }
                        found.extend(item);
                    }
                    Err(Throttled) => left.push(key),
                }
            }
            if !left.is_empty() {
                unread.insert(name.clone(), json!({ "Keys": left, "ConsistentRead": wanted.consistent_read }));
            }
            responses.insert(name, found);
        }
        if any {
            Reply::ok(json!({ "Responses": responses, "UnprocessedKeys": unread }))
        } else {
            Reply::exception("ThrottlingException")
        }
    }

    fn query(&mut self, request: &Query) -> Reply {
        let table = self.tables.get_mut(&request.table_name).unwrap();
        let condition = request.key_condition_expression.as_str();
        let (hash, prefix) = condition.split_once(" AND ").map_or((condition, ""), |(hash, range)| {
            let prefix = range.strip_prefix("begins_with(sk, ").and_then(|rest| rest.strip_suffix(')'));
            (hash, request.expression_attribute_values[prefix.unwrap()].as_text().unwrap())
        });
        let (name, placeholder) = hash.split_once(" = ").unwrap();
        assert_eq!(name, table.key.hash, "{condition}");
        let hash = request.expression_attribute_values[placeholder].as_text().unwrap();
        let from = (hash.to_owned(), prefix.to_owned());
        let found = table.items.range(&from..).take_while(|((id, sk), _)| id == hash && sk.starts_with(prefix));
        let items: Vec<Item> = found.map(|(_, item)| item.clone()).collect();
        let units = read_units(items.iter(), request.consistent_read);
        let taken = table.partitions.read(&from, units);
        self.usage.read(units, taken);
        if !taken {
            return Reply::exception("ThrottlingException");
        }
        Reply::ok(json!({ "Items": items, "Count": items.len() }))
    }
}

//! Balances and their ledger: `BALANCE`, and `TX#<ulid>` for each change.
//!
//! A payment changes the balance without reading it, so an entry does not say what the balance was after it. Instead
//! the balance item names its `last` entry, and every change is conditional on coming after it: entries sort in the
//! order in which they were committed, whatever the clocks of their environments said. The ledger is read newest first,
//! and each balance is worked out from the one above.

use serde::{Deserialize, Serialize};
use sijang_domain::{
    ActionSubject, BalanceAdjustment, Command, Deposit, DepositLimits, EntryId, EntryType, Error, FieldChange,
    Idempotent, Ledger, LedgerEntry, LedgerLine, Money, OrderId, Page, Position, Rejection, RequestTime, ResponseBody,
    SignedMoney, Timestamp, UserId,
};

use crate::{
    Item, Store,
    deadline::check_deadline,
    dynamodb::query::Query,
    dynamodb::transaction::{Change, Condition, Transaction, from_item, key},
    idempotency::Commit,
    random::random,
    staff::ActionDetails,
};

const BALANCE: &str = "BALANCE";
const ENTRY: &str = "TX#";

#[derive(Debug, Clone, Copy, Deserialize)]
struct BalanceRow {
    /// KRW minor units.
    balance: i64,
    /// The newest ledger entry.
    last: EntryId,
}

impl BalanceRow {
    fn read(item: Option<Item>) -> Result<Option<Self>, Error> {
        item.map(|item| from_item("balance", item)).transpose()
    }

    fn money(&self) -> Result<Money, Error> {
        Money::new(self.balance).map_err(|_| Error::corrupt("balance", "out of range"))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct EntryRow {
    user_id: String,
    sk: String,
    r#type: EntryType,
    /// KRW minor units, negative for a payment.
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
    /// Milliseconds since the epoch.
    at: i64,
}

/// A change of a balance that states what the balance is afterwards.
#[derive(Clone, Copy)]
struct BalanceChange<'a> {
    customer: &'a UserId,
    /// The type of its event.
    event: &'static str,
    kind: EntryType,
    amount: SignedMoney,
}

/// The balance of an item; zero for a user without one.
pub(crate) struct BalanceSnapshot {
    pub(crate) balance: Money,
    pub(crate) last: Option<EntryId>,
}

impl BalanceSnapshot {
    pub(crate) fn read(item: Option<Item>) -> Result<Self, Error> {
        match BalanceRow::read(item)? {
            Some(row) => Ok(Self { balance: row.money()?, last: Some(row.last) }),
            None => Ok(Self { balance: Money::ZERO, last: None }),
        }
    }
}

impl Transaction {
    /// Writes the ledger entry that goes with every change of a balance.
    pub(crate) fn enter(
        &mut self,
        table: &str,
        (user, at): (&UserId, Timestamp),
        id: EntryId,
        (kind, amount): (EntryType, SignedMoney),
        order_id: Option<OrderId>,
    ) -> Result<(), Error> {
        let row = EntryRow {
            user_id: user.to_string(),
            sk: format!("{ENTRY}{id}"),
            r#type: kind,
            amount: amount.minor(),
            order_id,
            at: at.millis(),
        };
        self.put(table, &row)
    }

    /// Takes the price of an order from the balance, which must cover it.
    pub(crate) fn pay(&mut self, table: &str, user: &UserId, entry: EntryId, price: Money) -> Result<(), Error> {
        let set = "SET balance = if_not_exists(balance, :none) - :price, #last = :entry";
        let payment = Change::to(table, balance_key(user), set)
            .name("#last", "last")
            .text(":entry", entry)
            .number(":none", 0)
            .number(":price", price.minor());
        // A user without a balance item can still take what costs nothing.
        self.update(if price == Money::ZERO {
            payment.when("attribute_not_exists(#last) OR #last < :entry")
        } else {
            payment.when("balance >= :price AND #last < :entry")
        })
    }

    /// Gives the price of a cancelled order back, whatever the limit for deposits is.
    pub(crate) fn refund(&mut self, table: &str, user: &UserId, entry: EntryId, price: Money) -> Result<(), Error> {
        let refund = Change::to(table, balance_key(user), "SET balance = balance + :price, #last = :entry")
            .when("#last < :entry")
            .name("#last", "last")
            .text(":entry", entry)
            .number(":price", price.minor());
        self.update(refund)
    }
}

pub(crate) fn balance_key(user: &UserId) -> Item {
    key([("user_id", user.to_string()), ("sk", BALANCE.to_owned())])
}

impl Store {
    /// The balance of a user, as it is now: a new user has nothing.
    pub async fn balance(&self, user: &UserId) -> Result<Money, Error> {
        Ok(self.balance_snapshot(user).await?.balance)
    }

    /// Adds a deposit to the balance.
    ///
    /// # Errors
    /// [`Rejection::BalanceLimitExceeded`] when the deposit would take the balance above the limit.
    pub async fn deposit(
        &self,
        command: &Command,
        deposit: Deposit,
        limits: &DepositLimits,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let onto = |balance| {
            let exceeded = Rejection::BalanceLimitExceeded { balance, limit: limits.balance_max };
            deposit.onto(balance, limits).ok_or(exceeded)
        };
        let (kind, amount) = (EntryType::Deposit, SignedMoney::credit(deposit.amount()));
        let change = BalanceChange { customer: &command.user, event: "balance.deposited.v1", kind, amount };
        self.change_balance(command, &change, onto).await
    }

    /// Corrects the balance of a customer, for staff.
    ///
    /// # Errors
    /// The rejections of [`BalanceAdjustment::onto`].
    pub async fn adjust_balance(
        &self,
        command: &Command,
        customer: &UserId,
        adjustment: BalanceAdjustment,
        balance_max: Money,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        command.required_reason()?;
        let (kind, amount) = (EntryType::Adjustment, adjustment.amount());
        let change = BalanceChange { customer, event: "balance.adjusted.v1", kind, amount };
        self.change_balance(command, &change, |balance| adjustment.onto(balance, balance_max)).await
    }

    /// Changes a balance to what `onto` makes of it.
    ///
    /// The answer states the balance after the change, so the transaction is conditional on the ledger entry that was
    /// last when the balance was read.
    async fn change_balance(
        &self,
        command: &Command,
        change: &BalanceChange<'_>,
        onto: impl Fn(Money) -> Result<Money, Rejection>,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let attempts = async {
            let mut snapshot = self.balance_snapshot(change.customer).await?;
            loop {
                let after = onto(snapshot.balance)?;
                let (transaction, answer) = self.balance_transaction(command, change, &snapshot, after)?;
                match self.commit_command(transaction, command, answer).await? {
                    Commit::Done(answer) => return Ok(answer),
                    Commit::Failed(mut conditions) => {
                        if let Some(Condition::Failed(current)) = conditions.next() {
                            snapshot = BalanceSnapshot::read(current)?;
                        }
                    }
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempts).await
    }

    fn balance_transaction(
        &self,
        command: &Command,
        change: &BalanceChange<'_>,
        snapshot: &BalanceSnapshot,
        balance: Money,
    ) -> Result<(Transaction, ResponseBody), Error> {
        let (tables, now, BalanceChange { customer, event, kind, amount }) = (&self.tables, command.time.now, *change);
        let transaction_id = EntryId::following(snapshot.last, now, random());
        let entry = LedgerEntry { transaction_id, r#type: kind, amount, balance, order_id: None, created_at: now };
        let answer = ResponseBody::of(&entry)?;
        let mut transaction = Transaction::with_answer(&tables.events, command, event, &answer)?;
        let set = "SET balance = :balance, #last = :entry";
        let update = Change::to(&tables.balances, balance_key(customer), set)
            .name("#last", "last")
            .number(":balance", balance.minor())
            .text(":entry", transaction_id);
        transaction.update(match snapshot.last {
            Some(last) => update.when("#last = :last").text(":last", last),
            None => update.when("attribute_not_exists(#last)"),
        })?;
        transaction.enter(&tables.balances, (customer, now), transaction_id, (kind, amount), None)?;
        if kind == EntryType::Adjustment {
            let figures = FieldChange::from_to("balance", snapshot.balance.minor(), balance.minor());
            let changes = vec![FieldChange { delta: Some(amount.minor()), ..figures }];
            let details = ActionDetails { subject: ActionSubject::customer(customer), changes };
            transaction.record_action(&tables.staff_actions, command, &details)?;
        }
        Ok((transaction, answer))
    }

    async fn balance_snapshot(&self, user: &UserId) -> Result<BalanceSnapshot, Error> {
        BalanceSnapshot::read(self.get(&self.tables.balances, balance_key(user), true).await?)
    }

    /// The ledger of a user, newest first, with the balance after each entry.
    pub async fn ledger(
        &self,
        user: &UserId,
        limit: usize,
        after: Option<Position>,
        time: RequestTime,
    ) -> Result<Page<LedgerEntry>, Error> {
        let (mut balance, rows) = match after {
            Some(position) => {
                let corrupt = || Error::corrupt("position", "not of a ledger");
                let (sk, balance) = position.0.split_once(' ').ok_or_else(corrupt)?;
                let balance: i64 = balance.parse().map_err(|_| corrupt())?;
                let start = key([("user_id", user.to_string()), ("sk", sk.to_owned())]);
                (balance, self.entries(user, limit, Some(start)).await?)
            }
            None => self.newest_entries(user, limit, time).await?,
        };
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            entries.push((row.entry(balance)?, balance - row.amount));
            balance -= row.amount;
        }
        let page =
            Page::cut(entries, limit, |(entry, before)| Position(format!("{ENTRY}{} {before}", entry.transaction_id)));
        Ok(Page { data: page.data.into_iter().map(|(entry, _)| entry).collect(), next: page.next })
    }

    /// The newest entries and the balance that goes with them: read again until the balance names the newest.
    async fn newest_entries(
        &self,
        user: &UserId,
        limit: usize,
        time: RequestTime,
    ) -> Result<(i64, Vec<EntryRow>), Error> {
        loop {
            let rows = self.entries(user, limit, None).await?;
            let seen = self.balance_snapshot(user).await?;
            let newest = rows.first().map(EntryRow::id).transpose()?;
            if newest == seen.last {
                return Ok((seen.balance.minor(), rows));
            }
            check_deadline(time)?;
        }
    }

    async fn entries(&self, user: &UserId, limit: usize, after: Option<Item>) -> Result<Vec<EntryRow>, Error> {
        let query = Query {
            table: &self.tables.balances,
            condition: "user_id = :user AND begins_with(sk, :entry)",
            values: vec![(":user", user.to_string()), (":entry", ENTRY.to_owned())],
            after,
            newest_first: true,
            consistent: true,
            ..Query::default()
        };
        let items = self.query(query, limit + 1).await?;
        items.into_iter().map(|item| from_item("ledger entry", item)).collect()
    }
}

/// Balance and ledger of a partition that was read in the order of its keys: the balance sorts first, so that its last
/// entry is among those that were read after it.
pub(crate) fn ledger_of(items: Vec<Item>) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    for item in items {
        if item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk == BALANCE) {
            ledger.balance = BalanceRow::read(Some(item))?.map(|row| (row.balance, row.last));
        } else {
            let row: EntryRow = from_item("ledger entry", item)?;
            let (kind, amount, order_id) = (row.r#type, row.amount, row.order_id);
            ledger.entries.push(LedgerLine { id: row.id()?, kind, amount, order_id });
        }
    }
    Ok(ledger)
}

impl EntryRow {
    fn id(&self) -> Result<EntryId, Error> {
        let id = self.sk.trim_start_matches(ENTRY).parse();
        id.map_err(|_| Error::corrupt("ledger entry", "not an identifier"))
    }

    fn entry(&self, balance: i64) -> Result<LedgerEntry, Error> {
        let corrupt = |_| Error::corrupt("ledger entry", "a value is out of range");
        Ok(LedgerEntry {
            transaction_id: self.id()?,
            r#type: self.r#type,
            amount: SignedMoney::new(self.amount).map_err(corrupt)?,
            balance: Money::new(balance).map_err(corrupt)?,
            order_id: self.order_id,
            created_at: Timestamp::from_millis(self.at).map_err(corrupt)?,
        })
    }
}

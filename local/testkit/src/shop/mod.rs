//! The shop DSL: customers, products and campaigns in a line each, and requests that can be awaited.
//!
//! A request has its key and its time from the start, so that a clone of it is the same request sent again. Time is the
//! shop's own: noon in Seoul on 21 November 2026, and a second later with every request.

mod commands;
mod values;

use std::{
    fmt::Debug,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use sijang_domain::{
    BalanceAdjustment, CampaignDraft, Command, CouponId, CouponTerms, Deposit, Description, Error, IdempotencyKey,
    Idempotent, IssuedCoupon, LedgerEntry, Name, Order, Page, Position, Product, ProductDetails, ProductDraft,
    ProductId, ProductPatch, Rejection, ShardCount, Stock, Timestamp, UserId,
};
use sijang_storage::{Item, Store};

use crate::{
    engine::{Database, client_at},
    faults::{Fault, Faults, Plan, Proxy},
    invariants,
    snapshot::Snapshot,
};

pub use commands::{
    Adjustment, BalanceCorrection, CampaignEnd, CampaignVoid, Cancellation, CouponReshard, Issue, Purchase,
    ShopCommand, StaffCancellation, StockReshard, Update,
};
pub use values::{
    after, at, cancellation_period, fixed, from, id_in, limits, name, percent, request_id, time, trace, welcome, won,
};

const NOON: &str = "2026-11-21T03:00:00Z";
/// A shop, seen from one environment of its functions.
#[derive(Clone)]
pub struct Shop {
    /// The tables.
    pub database: Arc<Database>,
    /// The store of this environment.
    pub store: Arc<Store>,
    clock: Arc<AtomicI64>,
}

impl Shop {
    /// An empty shop.
    pub async fn open() -> Self {
        Self::open_at(at(NOON)).await
    }

    /// An empty shop whose time begins here.
    pub async fn open_at(time: Timestamp) -> Self {
        Self::on(Database::fresh().await, time)
    }

    /// An empty shop on these tables, whose time begins here.
    pub fn on(database: Database, time: Timestamp) -> Self {
        let database = Arc::new(database);
        let store = Arc::new(Store::new(database.client.clone(), database.tables()));
        Self { database, store, clock: Arc::new(AtomicI64::new(time.millis())) }
    }

    /// The same shop from another environment, whose caches are empty.
    #[must_use]
    pub fn another_environment(&self) -> Self {
        let store = Arc::new(Store::new(self.database.client.clone(), self.database.tables()));
        Self { store, ..self.clone() }
    }

    /// The same shop from an environment whose calls go through `endpoint`.
    #[must_use]
    pub fn through(&self, endpoint: &str) -> Self {
        let store = Arc::new(Store::new(client_at(endpoint), self.database.tables()));
        Self { store, ..self.clone() }
    }

    /// The time. Each call advances it by a second.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.fetch_add(1000, Ordering::Relaxed)).unwrap()
    }

    /// Everything that is stored.
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.database).await
    }

    /// Asserts the invariants of the whole shop.
    pub async fn check(&self) {
        let violations = invariants::violations(&self.snapshot().await);
        assert!(violations.is_empty(), "{violations:#?}");
    }

    /// The customer of this user id.
    pub fn customer(&self, name: &str) -> Customer {
        Customer { shop: self.clone(), user: UserId::parse(name).unwrap() }
    }

    /// Customers with this balance each.
    pub async fn customers(&self, count: usize, balance: i64) -> Vec<Customer> {
        let customers: Vec<_> = (0..count).map(|number| self.customer(&format!("customer-{number}"))).collect();
        for deposit in race(customers.iter().map(|customer| customer.deposit(balance))).await {
            deposit.unwrap();
        }
        customers
    }

    /// A product of this price, with so many units on hand.
    pub async fn product(&self, price: i64, stock: i64) -> ProductId {
        self.named_product("a product", price, stock).await
    }

    /// A product of this name.
    pub async fn named_product(&self, name: &str, price: i64, stock: i64) -> ProductId {
        id_in(&self.create_product(name, price, stock).done().await, "product_id")
    }

    /// Creates a product.
    pub fn create_product(&self, title: &str, price: i64, stock: i64) -> Request<ProductDraft> {
        let (price, stock) = (ProductDraft::parse_price(price).unwrap(), Stock::new(stock).unwrap());
        let (description, details) = (Description::default(), ProductDetails::default());
        self.create(ProductDraft { name: name(title), description, price, stock, details })
    }

    /// Creates the product of a draft.
    pub fn create(&self, draft: ProductDraft) -> Request<ProductDraft> {
        self.admin(draft)
    }

    /// Changes a product.
    pub fn update(&self, product: ProductId, patch: ProductPatch) -> Request<Update> {
        self.admin(Update { product, patch })
    }

    /// Changes the price of a product.
    pub fn reprice(&self, product: ProductId, price: i64) -> Request<Update> {
        self.update(product, ProductPatch { price: Some(won(price)), ..ProductPatch::default() })
    }

    /// Gives a product another name.
    pub fn rename(&self, product: ProductId, title: &str) -> Request<Update> {
        self.update(product, ProductPatch { name: Some(name(title)), ..ProductPatch::default() })
    }

    /// Adds units to the stock, or removes them when `delta` is negative.
    pub fn adjust(&self, product: ProductId, delta: i64) -> Request<Adjustment> {
        self.admin(Adjustment { product, delta })
    }

    /// Splits the stock of a product into so many shards.
    pub fn reshard(&self, product: ProductId, shards: i64) -> Request<StockReshard> {
        self.admin(StockReshard { product, shards: ShardCount::new(shards).unwrap() })
    }

    /// Splits the counter of a campaign into so many shards.
    pub fn reshard_coupon(&self, coupon: CouponId, shards: i64) -> Request<CouponReshard> {
        self.admin(CouponReshard { coupon, shards: ShardCount::new(shards).unwrap() })
    }

    /// Cancels a customer's order, for staff.
    pub fn cancel_for(&self, customer: &Customer, order: &Order) -> Request<StaffCancellation> {
        self.admin(StaffCancellation { customer: customer.user.clone(), order: order.order_id })
    }

    /// Corrects a customer's balance.
    pub fn adjust_balance(&self, customer: &Customer, amount: i64) -> Request<BalanceCorrection> {
        let adjustment = BalanceAdjustment::new(amount, limits().balance_max).unwrap();
        self.admin(BalanceCorrection { customer: customer.user.clone(), adjustment })
    }

    /// Voids the coupons of a campaign.
    pub fn void_campaign(&self, coupon: CouponId) -> Request<CampaignVoid> {
        self.admin(CampaignVoid { coupon })
    }

    /// Ends a campaign.
    pub fn end_campaign(&self, coupon: CouponId) -> Request<CampaignEnd> {
        self.admin(CampaignEnd { coupon })
    }

    /// A product of this price, its units in so many shards.
    pub async fn split_product(&self, price: i64, stock: i64, shards: i64) -> ProductId {
        let product = self.product(price, stock).await;
        self.reshard(product, shards).done().await;
        product
    }

    /// A campaign that is open today, its coupons in so many shards.
    pub async fn split_campaign(&self, total: u32, terms: CouponTerms, shards: i64) -> CouponId {
        let coupon = self.campaign(total, terms).await;
        self.reshard_coupon(coupon, shards).done().await;
        coupon
    }

    /// A campaign that is open today.
    pub async fn campaign(&self, total: u32, terms: CouponTerms) -> CouponId {
        self.campaign_of(CampaignDraft { total, terms, ..welcome() }).await
    }

    /// A campaign by its draft.
    pub async fn campaign_of(&self, draft: CampaignDraft) -> CouponId {
        id_in(&self.create_campaign(draft).done().await, "coupon_id")
    }

    /// Creates a campaign.
    pub fn create_campaign(&self, draft: CampaignDraft) -> Request<CampaignDraft> {
        self.admin(draft)
    }

    /// A product, as customers see it.
    pub async fn page_of(&self, product: ProductId) -> Product {
        self.store.product(product, self.now()).await.unwrap()
    }

    /// How many units of a product are left.
    pub async fn stock(&self, product: ProductId) -> u32 {
        self.page_of(product).await.stock.units()
    }

    /// Sends a command from an environment whose process is killed before its `nth` update of an item outside a transaction.
    /// Returns the command's event, as the stream of the events table has it.
    pub async fn killed_before_update<A: ShopCommand>(&self, nth: usize, request: Request<A>) -> Item {
        let faults = Faults::none();
        let proxy = Proxy::start(&self.database.endpoint, &faults).await.unwrap();
        faults.plan(Plan::new(move |call| match call.operation.as_str() {
            "UpdateItem" if call.nth >= nth => Fault::Hang.into(),
            _ => Fault::None.into(),
        }));
        let event = format!("{}#{}#{}", request.customer.user, A::OPERATION, request.key);
        let sent = request.in_environment_of(&self.through(&proxy.endpoint()));
        tokio::select! {
            answer = sent.into_future() => panic!("it was not killed: {answer:?}"),
            () = faults.silence() => {}
        }
        let shop = self.snapshot().await;
        let events = shop.items("events").find(|item| item["request"].as_s().is_ok_and(|request| *request == event));
        events.unwrap_or_else(|| panic!("{event} was not accepted")).clone()
    }

    fn admin<A: ShopCommand>(&self, command: A) -> Request<A> {
        self.customer("admin").request(command)
    }
}

/// A customer.
#[derive(Clone)]
pub struct Customer {
    /// The shop that the customer uses.
    pub shop: Shop,
    /// The customer's user id.
    pub user: UserId,
}

impl Customer {
    /// The same customer after deposits of this amount.
    pub async fn with_balance(self, mut amount: i64) -> Self {
        while amount > 0 {
            let part = amount.min(limits().max.minor());
            self.deposit(part).done().await;
            amount -= part;
        }
        self
    }

    /// The same customer with a coupon of the campaign.
    pub async fn with_coupon(self, coupon: CouponId) -> Self {
        self.issue(coupon).done().await;
        self
    }

    /// Deposits an amount.
    pub fn deposit(&self, amount: i64) -> Request<Deposit> {
        self.request(Deposit::new(amount, &limits()).unwrap())
    }

    /// Issues a coupon to the customer.
    pub fn issue(&self, coupon: CouponId) -> Request<Issue> {
        self.request(Issue { coupon, keyed: true })
    }

    /// Orders so many of each.
    pub fn order<const N: usize>(&self, lines: [(ProductId, i64); N]) -> Request<Purchase> {
        self.order_all(lines)
    }

    /// Orders these products and quantities.
    pub fn order_all(&self, lines: impl IntoIterator<Item = (ProductId, i64)>) -> Request<Purchase> {
        let lines = lines.into_iter().map(|(product, quantity)| (product, quantity, None)).collect();
        self.request(Purchase { lines, coupon: None })
    }

    /// Cancels an order.
    pub fn cancel(&self, order: &Order) -> Request<Cancellation> {
        self.request(Cancellation { order: order.order_id })
    }

    /// The balance in won.
    pub async fn balance(&self) -> i64 {
        self.shop.store.balance(&self.user).await.unwrap().minor()
    }

    /// The newest hundred ledger entries.
    pub async fn ledger(&self) -> Vec<LedgerEntry> {
        self.ledger_page(100, None).await.unwrap().data
    }

    /// A page of the ledger.
    pub async fn ledger_page(&self, limit: usize, after: Option<Position>) -> Result<Page<LedgerEntry>, Error> {
        self.shop.store.ledger(&self.user, limit, after, time(self.shop.now())).await
    }

    /// The customer's newest hundred orders.
    pub async fn orders(&self) -> Vec<Order> {
        self.shop.store.orders(&self.user, None, 100, None, time(self.shop.now())).await.unwrap().data
    }

    /// The customer's coupons.
    pub async fn coupons(&self) -> Vec<IssuedCoupon> {
        self.shop.store.coupons_of(&self.user, None, 100, None, time(self.shop.now())).await.unwrap().data
    }

    fn request<A: ShopCommand>(&self, command: A) -> Request<A> {
        static KEYS: AtomicI64 = AtomicI64::new(0);
        let key = format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let reason = command.reason();
        Request { customer: self.clone(), key, at: self.shop.now(), reason, body: command }
    }
}

/// A command that is sent when it is awaited.
#[must_use]
#[derive(Clone)]
pub struct Request<A> {
    customer: Customer,
    key: String,
    at: Timestamp,
    reason: Option<Name>,
    body: A,
}

impl<A: ShopCommand> Request<A> {
    /// The same under this idempotency key.
    pub fn key(self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self }
    }

    /// The same without a reason.
    pub fn without_reason(self) -> Self {
        Self { reason: None, ..self }
    }

    /// The same at this time.
    pub fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }

    /// The same from another environment.
    pub fn in_environment_of(mut self, shop: &Shop) -> Self {
        self.customer.shop = shop.clone();
        self
    }

    /// The same request a minute later, as a client repeats it that got no answer.
    pub fn again(&self) -> Self {
        Self { at: after(self.at, 60), ..self.clone() }
    }

    /// Sends it, and expects it to be done now, not earlier.
    pub async fn done(self) -> A::Value {
        let answer = self.await.unwrap();
        assert!(!answer.replayed, "the answer is of an earlier request");
        answer.value
    }

    /// Sends it, and expects it to be rejected and to leave nothing behind.
    pub async fn rejected(self) -> Rejection {
        let shop = self.customer.shop.clone();
        let before = shop.snapshot().await;
        let rejection = rejection(self.await);
        assert_eq!(
            shop.snapshot().await.changes_beside_rejections(&before),
            [],
            "rejected ({rejection}), and yet written"
        );
        rejection
    }

    /// Sends it, and expects an earlier request's answer and nothing written again.
    pub async fn replayed(self) -> A::Value {
        let shop = self.customer.shop.clone();
        let before = shop.snapshot().await;
        let answer = self.await.unwrap();
        assert!(answer.replayed, "it was done again");
        assert_eq!(shop.snapshot().await.changes_since(&before), [], "replayed, and yet written");
        answer.value
    }
}

impl Request<Purchase> {
    /// With this coupon.
    pub fn with(mut self, coupon: CouponId) -> Self {
        self.body.coupon = Some(coupon);
        self
    }

    /// With the price that the customer was shown for a product.
    pub fn quoting(mut self, product: ProductId, price: i64) -> Self {
        for (_, _, quote) in self.body.lines.iter_mut().filter(|line| line.0 == product) {
            *quote = Some(won(price));
        }
        self
    }
}

impl Request<Issue> {
    /// Without an idempotency key.
    pub fn without_key(mut self) -> Self {
        self.body.keyed = false;
        self
    }
}

impl<A: ShopCommand> IntoFuture for Request<A> {
    type Output = Result<Idempotent<A::Value>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { customer: Customer { shop, user }, key, at, reason, body } = self;
        let key = IdempotencyKey::parse(&key).unwrap();
        let (operation, fingerprint) = (A::OPERATION, body.fingerprint());
        let command = Command {
            user,
            operation,
            key,
            fingerprint,
            time: time(at),
            request_id: request_id(),
            trace: Some(trace()),
            reason,
        };
        Box::pin(async move { body.send(&shop.store, &command).await })
    }
}

/// The rejection that an operation ended in.
pub fn rejection<T: Debug>(result: Result<T, Error>) -> Rejection {
    match result {
        Err(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. }) => rejection,
        other => panic!("expected a rejection, not {other:?}"),
    }
}

/// Sends all requests at once, each from a task of its own.
pub async fn race<A: ShopCommand>(
    requests: impl IntoIterator<Item = Request<A>>,
) -> Vec<Result<Idempotent<A::Value>, Error>> {
    let tasks: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.into_future())).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Reads a list page by page to its end.
pub async fn pages<T, F>(mut page: impl FnMut(Option<Position>) -> F) -> Vec<Vec<T>>
where
    F: Future<Output = Result<Page<T>, Error>>,
{
    let (mut pages, mut next) = (Vec::new(), None);
    loop {
        let Page { data, next: following } = page(next).await.unwrap();
        pages.push(data);
        assert!(pages.len() < 1_000, "the list does not end");
        if following.is_none() {
            return pages;
        }
        next = following;
    }
}

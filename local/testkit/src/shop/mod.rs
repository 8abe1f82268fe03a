//! A shop to try the rules in: customers, products and campaigns in a line each, and requests that can be awaited.
//!
//! A request has its key and its time from the start, so that a clone of it is the same request sent again. Time is the
//! shop's own: noon in Seoul on 21 November 2026, and a second later with every request.

use std::{
    fmt::Debug,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use sijang_domain::{
    CampaignDraft, Cart, Command, CouponId, CouponTerms, Deposit, DepositLimits, Discount, Error, Fingerprint,
    IdempotencyKey, Idempotent, IssuedCoupon, LedgerEntry, Money, Name, Order, OrderId, Page, Position, Product,
    ProductDraft, ProductId, ProductPatch, Rejection, RequestTime, ResponseBody, ShardCount, Stock, Timestamp, TraceId,
    UserId,
};
use sijang_storage::Store;

use crate::{
    engine::{Database, client_at},
    invariants,
    snapshot::Snapshot,
};

const NOON: &str = "2026-11-21T03:00:00Z";
/// Nothing takes as long, unless it never ends.
const PATIENCE: Duration = Duration::from_mins(1);

/// The limits of the template.
pub fn limits() -> DepositLimits {
    DepositLimits { min: won(100), max: won(1_000_000), balance_max: won(10_000_000) }
}

pub fn won(minor: i64) -> Money {
    Money::new(minor).unwrap()
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The instant `seconds` after another, or before it when negative.
pub fn after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(at.millis() + seconds * 1000).unwrap()
}

pub fn time(now: Timestamp) -> RequestTime {
    RequestTime { now, deadline: Instant::now() + PATIENCE }
}

/// A shop, seen from one environment of its functions.
#[derive(Clone)]
pub struct Shop {
    pub database: Arc<Database>,
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

    /// The same shop from another environment, which remembers nothing yet.
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

    /// What time it is; it passes as it is asked for.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.fetch_add(1000, Ordering::Relaxed)).unwrap()
    }

    /// Everything that is stored.
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.database).await
    }

    /// Asserts the invariants of the whole shop.
    pub async fn audit(&self) {
        let violations = invariants::violations(&self.snapshot().await);
        assert!(violations.is_empty(), "{violations:#?}");
    }

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

    pub async fn named_product(&self, name: &str, price: i64, stock: i64) -> ProductId {
        id_in(&self.create_product(name, price, stock).done().await, "product_id")
    }

    pub fn create_product(&self, title: &str, price: i64, stock: i64) -> Request<ProductDraft> {
        let (price, stock) = (ProductDraft::parse_price(price).unwrap(), Stock::new(stock).unwrap());
        self.admin(ProductDraft { name: name(title), description: sijang_domain::Description::default(), price, stock })
    }

    pub fn update(&self, product: ProductId, patch: ProductPatch) -> Request<Update> {
        self.admin(Update { product, patch })
    }

    pub fn reprice(&self, product: ProductId, price: i64) -> Request<Update> {
        self.update(product, ProductPatch { price: Some(won(price)), ..ProductPatch::default() })
    }

    pub fn adjust(&self, product: ProductId, delta: i64) -> Request<Adjustment> {
        self.admin(Adjustment { product, delta })
    }

    pub fn reshard(&self, product: ProductId, shards: i64) -> Request<StockReshard> {
        self.admin(StockReshard { product, shards: ShardCount::new(shards).unwrap() })
    }

    pub fn reshard_coupon(&self, coupon: CouponId, shards: i64) -> Request<CouponReshard> {
        self.admin(CouponReshard { coupon, shards: ShardCount::new(shards).unwrap() })
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

    pub async fn campaign_of(&self, draft: CampaignDraft) -> CouponId {
        id_in(&self.create_campaign(draft).done().await, "coupon_id")
    }

    pub fn create_campaign(&self, draft: CampaignDraft) -> Request<CampaignDraft> {
        self.admin(draft)
    }

    pub async fn page_of(&self, product: ProductId) -> Product {
        self.store.product(product).await.unwrap()
    }

    pub async fn stock(&self, product: ProductId) -> u32 {
        self.page_of(product).await.stock.units()
    }

    fn admin<A: Ask>(&self, ask: A) -> Request<A> {
        self.customer("admin").asks(ask)
    }
}

/// A campaign of ten coupons of 3,000 won, open on the day on which the tests take place.
pub fn welcome() -> CampaignDraft {
    CampaignDraft {
        name: name("welcome"),
        terms: fixed(3_000),
        total: 10,
        opens_at: at("2026-11-20T15:00:00Z"),
        closes_at: at("2026-11-21T15:00:00Z"),
        valid_days: 30,
    }
}

/// A coupon for a fixed amount.
pub fn fixed(amount: i64) -> CouponTerms {
    CouponTerms { discount: Discount::Fixed { amount: won(amount) }, minimum_order: Money::ZERO }
}

/// A coupon for a percentage.
pub fn percent(percent: u8) -> CouponTerms {
    CouponTerms { discount: Discount::Percent { percent, max_amount: None }, minimum_order: Money::ZERO }
}

/// The same, good for orders from `minimum` on.
pub fn from(minimum: i64, terms: CouponTerms) -> CouponTerms {
    CouponTerms { minimum_order: won(minimum), ..terms }
}

/// Somebody who buys.
#[derive(Clone)]
pub struct Customer {
    pub shop: Shop,
    pub user: UserId,
}

impl Customer {
    /// The same customer after paying in.
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

    pub fn deposit(&self, amount: i64) -> Request<Deposit> {
        self.asks(Deposit::new(amount, &limits()).unwrap())
    }

    pub fn issue(&self, coupon: CouponId) -> Request<Issue> {
        self.asks(Issue { coupon, keyed: true })
    }

    /// Orders so many of each.
    pub fn order<const N: usize>(&self, lines: [(ProductId, i64); N]) -> Request<Purchase> {
        self.order_all(lines)
    }

    pub fn order_all(&self, lines: impl IntoIterator<Item = (ProductId, i64)>) -> Request<Purchase> {
        let lines = lines.into_iter().map(|(product, quantity)| (product, quantity, None)).collect();
        self.asks(Purchase { lines, coupon: None })
    }

    pub fn cancel(&self, order: &Order) -> Request<Cancellation> {
        self.asks(Cancellation { order: order.order_id })
    }

    pub async fn balance(&self) -> i64 {
        self.shop.store.balance(&self.user).await.unwrap().minor()
    }

    pub async fn ledger(&self) -> Vec<LedgerEntry> {
        self.ledger_page(100, None).await.unwrap().data
    }

    pub async fn ledger_page(&self, limit: usize, after: Option<Position>) -> Result<Page<LedgerEntry>, Error> {
        self.shop.store.ledger(&self.user, limit, after, time(self.shop.now())).await
    }

    pub async fn orders(&self) -> Vec<Order> {
        self.shop.store.orders(&self.user, None, 100, None).await.unwrap().data
    }

    pub async fn coupons(&self) -> Vec<IssuedCoupon> {
        self.shop.store.coupons_of(&self.user, None, 100, None, self.shop.now()).await.unwrap().data
    }

    fn asks<A: Ask>(&self, ask: A) -> Request<A> {
        static KEYS: AtomicI64 = AtomicI64::new(0);
        let key = format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        Request { customer: self.clone(), key, at: self.shop.now(), ask }
    }
}

/// A command on its way: awaited, it is sent.
#[must_use]
#[derive(Clone)]
pub struct Request<A> {
    customer: Customer,
    key: String,
    at: Timestamp,
    ask: A,
}

impl<A: Ask> Request<A> {
    /// The same under this idempotency key.
    pub fn key(self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self }
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

    /// The same request sent again a minute later, as a client does that got no answer.
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
        self.ask.coupon = Some(coupon);
        self
    }

    /// With the price that the customer was shown for a product.
    pub fn quoting(mut self, product: ProductId, price: i64) -> Self {
        for (_, _, quote) in self.ask.lines.iter_mut().filter(|line| line.0 == product) {
            *quote = Some(won(price));
        }
        self
    }
}

impl Request<Issue> {
    /// Without an idempotency key.
    pub fn without_key(mut self) -> Self {
        self.ask.keyed = false;
        self
    }
}

impl<A: Ask> IntoFuture for Request<A> {
    type Output = Result<Idempotent<A::Value>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { customer: Customer { shop, user }, key, at, ask } = self;
        let key = IdempotencyKey::parse(&key).unwrap();
        let (operation, fingerprint) = (A::OPERATION, ask.fingerprint());
        let command = Command {
            user,
            operation,
            key,
            fingerprint,
            time: time(at),
            request_id: request_id(),
            trace: Some(trace()),
        };
        Box::pin(async move { ask.send(&shop.store, &command).await })
    }
}

/// A name for one request, as the gateway gives one: a copy of a command has another one.
pub fn request_id() -> String {
    ulid::Ulid::generate().to_string()
}

/// The trace that all requests have: as in the shop, it takes its place in each event.
pub fn trace() -> TraceId {
    TraceId::of_header("Root=1-5759e988-bd862e3fe1be46a994272793").unwrap()
}

/// The rejection that an operation ended in.
pub fn rejection<T: Debug>(result: Result<T, Error>) -> Rejection {
    match result {
        Err(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. }) => rejection,
        other => panic!("expected a rejection, not {other:?}"),
    }
}

/// Sends all requests at once, each from a task of its own.
pub async fn race<A: Ask>(requests: impl IntoIterator<Item = Request<A>>) -> Vec<Result<Idempotent<A::Value>, Error>> {
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
        if following.is_none() {
            return pages;
        }
        next = following;
    }
}

/// An attribute of an answer.
pub fn id_in<T: std::str::FromStr<Err: Debug>>(answer: &ResponseBody, attribute: &str) -> T {
    let answer: serde_json::Value = serde_json::from_str(answer.as_str()).unwrap();
    answer[attribute].as_str().unwrap().parse().unwrap()
}

/// What can be asked of the store, as the functions ask it: the operation's name, and what makes its fingerprint.
pub trait Ask: Clone + Send + 'static {
    /// What is answered.
    type Value: Debug + Send;
    const OPERATION: &'static str;

    fn fingerprint(&self) -> Fingerprint;

    fn send(
        self,
        store: &Store,
        command: &Command,
    ) -> impl Future<Output = Result<Idempotent<Self::Value>, Error>> + Send;
}

impl Ask for Deposit {
    type Value = ResponseBody;
    const OPERATION: &'static str = "deposit-balance";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.deposit(command, self, &limits()).await
    }
}

#[derive(Clone)]
pub struct Issue {
    coupon: CouponId,
    keyed: bool,
}

impl Ask for Issue {
    type Value = IssuedCoupon;
    const OPERATION: &'static str = "issue-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&())
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<IssuedCoupon>, Error> {
        let key = self.keyed.then_some(&command.key);
        store.issue_coupon(&command.user, self.coupon, key, command.time).await
    }
}

#[derive(Clone)]
pub struct Purchase {
    lines: Vec<(ProductId, i64, Option<Money>)>,
    coupon: Option<CouponId>,
}

impl Purchase {
    fn cart(&self) -> Cart {
        Cart::new(self.lines.clone()).unwrap()
    }
}

impl Ask for Purchase {
    type Value = Order;
    const OPERATION: &'static str = "place-order";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(&self.cart(), self.coupon))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<Order>, Error> {
        store.place_order(command, &self.cart(), self.coupon).await
    }
}

#[derive(Clone)]
pub struct Cancellation {
    order: OrderId,
}

impl Ask for Cancellation {
    type Value = Order;
    const OPERATION: &'static str = "cancel-order";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.order)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<Order>, Error> {
        store.cancel_order(command, self.order).await
    }
}

impl Ask for ProductDraft {
    type Value = ResponseBody;
    const OPERATION: &'static str = "create-product";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.create_product(command, self).await
    }
}

#[derive(Clone)]
pub struct Update {
    product: ProductId,
    patch: ProductPatch,
}

impl Ask for Update {
    type Value = ResponseBody;
    const OPERATION: &'static str = "update-product";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.product, &self.patch))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.update_product(command, self.product, &self.patch).await
    }
}

#[derive(Clone)]
pub struct Adjustment {
    product: ProductId,
    delta: i64,
}

impl Adjustment {
    fn change(&self) -> (i64, Name) {
        (self.delta, name("inventory"))
    }
}

impl Ask for Adjustment {
    type Value = ResponseBody;
    const OPERATION: &'static str = "adjust-stock";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.product, self.change()))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.adjust_stock(command, self.product, self.change()).await
    }
}

#[derive(Clone)]
pub struct StockReshard {
    product: ProductId,
    shards: ShardCount,
}

impl Ask for StockReshard {
    type Value = ResponseBody;
    const OPERATION: &'static str = "reshard-stock";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.product, self.shards))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.reshard_stock(command, self.product, self.shards).await
    }
}

#[derive(Clone)]
pub struct CouponReshard {
    coupon: CouponId,
    shards: ShardCount,
}

impl Ask for CouponReshard {
    type Value = ResponseBody;
    const OPERATION: &'static str = "reshard-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.coupon, self.shards))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.reshard_coupon(command, self.coupon, self.shards).await
    }
}

impl Ask for CampaignDraft {
    type Value = ResponseBody;
    const OPERATION: &'static str = "create-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.create_campaign(command, self).await
    }
}

//! One key, one answer: copies of one keyed command, while the shop changes what the answer would be.
//!
//! A run has two commands: the *subject*, sent in 2 to 6 copies within 100 ms, and a *change*, sent once while they are
//! in flight or up to 100 ms before the first one, after which the subject's answer would be another one. Each copy
//! reaches an environment of its own: some are new, some have served another customer and cached what they saw.
//! Connections drop: the client then sends another copy, while the environment goes on with the first. The simulator
//! makes transactions visible item by item.
//!
//! Every answer counts, also one that no client read: all answers under a key must be the same text, and the events
//! table must say the same. `./local/shop simulate --copies 100000` runs as many keys.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use sijang_domain::{
    CampaignDraft, Cart, Command, CouponId, Deposit, Description, Error, Fingerprint, IdempotencyKey, OrderId,
    ProductDetails, ProductDraft, ProductId, ProductPatch, ProductStatus, ShardCount, Stock, Timestamp, UserId,
};
use sijang_storage::Store;
use sijang_testkit::shop::{cancellation_period, fixed, limits, name, welcome, won};
use tokio::{task::JoinSet, time::sleep};

use super::{
    assumptions::Cloud,
    buyer::customer,
    chance::Chance,
    connector::store,
    dynamo::{Engine, Mutation, NOON},
    shop::{PRICE, admit_customers, command},
    sweep::option,
    virtual_time::{in_virtual_time, violations},
};

/// Keys of one simulated shop.
const KEYS_OF_A_SHOP: usize = 100;
/// Copies are sent within this many milliseconds.
const OFFSETS: u64 = 100;
/// A client sends a request again this long after it was told that the shop is busy.
const PAUSE: Duration = Duration::from_millis(150);

/// The subject of a run, and how the shop changes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    OrderSoldOut,
    OrderRestocked,
    OrderPriceChanged,
    OrderBalanceFilled,
    OrderOffSale,
    DepositBalanceSpent,
    DepositLimitReached,
    CancelTwice,
    IssueLastCoupon,
    AdjustSold,
    AdjustRestocked,
    UpdatePriceChanged,
    ReshardSold,
}

impl Case {
    const ALL: [Self; 13] = [
        Self::OrderSoldOut,
        Self::OrderRestocked,
        Self::OrderPriceChanged,
        Self::OrderBalanceFilled,
        Self::OrderOffSale,
        Self::DepositBalanceSpent,
        Self::DepositLimitReached,
        Self::CancelTwice,
        Self::IssueLastCoupon,
        Self::AdjustSold,
        Self::AdjustRestocked,
        Self::UpdatePriceChanged,
        Self::ReshardSold,
    ];
}

/// A command, with its parameters.
#[derive(Debug, Clone, Copy)]
enum Request {
    Order {
        product: ProductId,
        units: i64,
        /// KRW minor units that the client expects to pay for one.
        quote: Option<i64>,
    },
    /// A deposit of [`PRICE`].
    Deposit {
        /// KRW minor units that a balance may have.
        limit: i64,
    },
    Cancel(OrderId),
    Issue(CouponId),
    Adjust(ProductId, i64),
    Reprice(ProductId, i64),
    TakeOffSale(ProductId),
    Split(ProductId),
}

/// A command of somebody, with its key.
#[derive(Debug, Clone)]
struct Keyed {
    user: UserId,
    key: String,
    request: Request,
}

/// A definite answer, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Accepted(String),
    Rejected(String),
}

impl Request {
    fn operation(self) -> &'static str {
        match self {
            Self::Order { .. } => "place-order",
            Self::Deposit { .. } => "deposit-balance",
            Self::Cancel(_) => "cancel-order",
            Self::Issue(_) => "issue-coupon",
            Self::Adjust(..) => "adjust-stock",
            Self::Reprice(..) | Self::TakeOffSale(_) => "update-product",
            Self::Split(_) => "reshard-stock",
        }
    }

    /// Has the store do it. Returns the accepted answer as JSON.
    async fn send(self, store: &Store, command: &Command) -> Result<String, Error> {
        let body = match self {
            Self::Order { product, units, quote } => {
                let cart = Cart::new(vec![(product, units, quote.map(won))]).unwrap();
                let order = Box::pin(store.place_order(command, &cart, None)).await?;
                return Ok(serde_json::to_string(&order.value).unwrap());
            }
            Self::Cancel(order) => {
                let order = Box::pin(store.cancel_order(command, order, cancellation_period())).await?;
                return Ok(serde_json::to_string(&order.value).unwrap());
            }
            Self::Issue(coupon) => {
                let issue = store.issue_coupon(&command.user, coupon, Some(&command.key), command.time);
                return Ok(format!("{:?}", Box::pin(issue).await?.value));
            }
            Self::Deposit { limit } => {
                let limits = sijang_domain::DepositLimits { balance_max: won(limit), ..limits() };
                let deposit = Deposit::new(PRICE, &limits).unwrap();
                Box::pin(store.deposit(command, deposit, &limits)).await
            }
            Self::Adjust(product, delta) => Box::pin(store.adjust_stock(command, product, delta)).await,
            Self::Reprice(product, price) => {
                let patch = ProductPatch { price: Some(won(price)), ..ProductPatch::default() };
                Box::pin(store.update_product(command, product, &patch)).await
            }
            Self::TakeOffSale(product) => {
                let patch = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
                Box::pin(store.update_product(command, product, &patch)).await
            }
            Self::Split(product) => Box::pin(store.reshard_stock(command, product, ShardCount::new(2).unwrap())).await,
        };
        Ok(body?.value.as_str().to_owned())
    }
}

impl Keyed {
    fn new(user: &UserId, key: impl Into<String>, request: Request) -> Self {
        Self { user: user.clone(), key: key.into(), request }
    }

    /// Sends it from an environment until the answer is definite. Each attempt is a request with an id of its own.
    async fn answer(&self, engine: &Engine, store: &Store) -> Answer {
        loop {
            let command = Command {
                user: self.user.clone(),
                operation: self.request.operation(),
                key: IdempotencyKey::parse(&self.key).unwrap(),
                fingerprint: Fingerprint::of(&self.key),
                request_id: ulid::Ulid::generate().to_string(),
                ..command(engine, "unused")
            };
            match self.request.send(store, &command).await {
                Ok(text) => return Answer::Accepted(text),
                Err(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. }) => {
                    return Answer::Rejected(serde_json::to_string(&rejection).unwrap());
                }
                Err(Error::Busy(_)) => sleep(PAUSE).await,
                Err(other) => panic!("{self:?}: {other}"),
            }
        }
    }

    /// The key of the command's event.
    fn event(&self) -> String {
        format!("{}#{}#{}", self.user, self.request.operation(), self.key)
    }
}

/// A text of a JSON object.
fn text_in(json: &str, field: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    json[field].as_str().unwrap().to_owned()
}

/// A simulated shop, and the environments of its functions.
struct Shop {
    engine: Engine,
    chance: Mutex<Chance>,
}

/// Results of the runs of one case.
#[derive(Debug, Default)]
struct Tally {
    keys: usize,
    answers: usize,
    /// Keys by their first answer.
    accepted: usize,
    rejected: usize,
    two_answers: usize,
}

/// Results of all runs.
#[derive(Debug, Default)]
struct Outcome {
    cases: BTreeMap<Case, Tally>,
    /// Keys with two answers, and other violations, a sentence each.
    violations: Vec<String>,
}

impl Shop {
    /// Less than so many.
    fn random(&self, below: u64) -> u64 {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small numbers
        let number = (self.chance.lock().unwrap().fraction() * below as f64) as u64;
        number
    }

    fn one_in(&self, count: u64) -> bool {
        self.random(count) == 0
    }

    async fn wait(&self) {
        sleep(Duration::from_millis(self.random(OFFSETS + 1))).await;
    }

    fn admin() -> UserId {
        UserId::parse("admin").unwrap()
    }

    /// A command that is accepted: the answer's field of this name.
    async fn prepared(&self, keyed: &Keyed, field: &str) -> String {
        let answer = keyed.answer(&self.engine, &store(&self.engine)).await;
        let Answer::Accepted(text) = answer else { panic!("{keyed:?}: {answer:?}") };
        text_in(&text, field)
    }

    /// A new product, sometimes in two shards.
    async fn product(&self, number: usize, price: i64, units: i64) -> ProductId {
        let draft = ProductDraft {
            name: name("tea"),
            description: Description::default(),
            price: ProductDraft::parse_price(price).unwrap(),
            stock: Stock::new(units).unwrap(),
            details: ProductDetails::default(),
        };
        let command = command(&self.engine, &format!("product-{number}"));
        let created = store(&self.engine).create_product(&command, draft).await.unwrap();
        let product = text_in(created.value.as_str(), "product_id").parse().unwrap();
        if self.one_in(4) {
            self.prepared(
                &Keyed::new(&Self::admin(), format!("split-{number}"), Request::Split(product)),
                "product_id",
            )
            .await;
        }
        product
    }

    async fn campaign(&self, number: usize) -> CouponId {
        let draft = CampaignDraft {
            total: 1,
            terms: fixed(3_000),
            opens_at: Timestamp::from_millis(NOON - 1).unwrap(),
            closes_at: Timestamp::from_millis(NOON + 86_400_000).unwrap(),
            ..welcome()
        };
        let command = command(&self.engine, &format!("campaign-{number}"));
        let created = store(&self.engine).create_campaign(&command, draft).await.unwrap();
        text_in(created.value.as_str(), "coupon_id").parse().unwrap()
    }

    /// The subject and the change of a run, and the product that they are about. Alice, Bob and Carol, new customers
    /// all, have the price of one unit each.
    async fn prepare(&self, case: Case, number: usize) -> (Keyed, Keyed, Option<ProductId>) {
        let [alice, bob] = [2 * number, 2 * number + 1].map(customer);
        let admin = Self::admin();
        let order = |product, quote| Request::Order { product, units: 1, quote };
        let subject = |user: &UserId, request| Keyed::new(user, format!("subject-{number}"), request);
        let change = |user: &UserId, request| Keyed::new(user, format!("change-{number}"), request);
        let product = match case {
            Case::OrderRestocked => Some(self.product(number, PRICE, 0).await),
            Case::OrderBalanceFilled => Some(self.product(number, 2 * PRICE, 1).await),
            Case::UpdatePriceChanged | Case::ReshardSold => Some(self.product(number, PRICE, 3).await),
            Case::DepositLimitReached | Case::IssueLastCoupon => None,
            _ => Some(self.product(number, PRICE, 1).await),
        };
        let tea = product.unwrap_or_else(|| ProductId::new(Timestamp::EPOCH, 1));
        let (one, other) = match case {
            Case::OrderSoldOut => (subject(&alice, order(tea, None)), change(&bob, order(tea, None))),
            Case::OrderRestocked => (subject(&alice, order(tea, None)), change(&admin, Request::Adjust(tea, 1))),
            Case::OrderPriceChanged => {
                let quote = if self.one_in(2) { PRICE } else { PRICE - 1_000 };
                (subject(&alice, order(tea, Some(quote))), change(&admin, Request::Reprice(tea, PRICE - 1_000)))
            }
            Case::OrderBalanceFilled => {
                (subject(&alice, order(tea, None)), change(&alice, Request::Deposit { limit: 9 * PRICE }))
            }
            Case::OrderOffSale => (subject(&alice, order(tea, None)), change(&admin, Request::TakeOffSale(tea))),
            Case::DepositBalanceSpent => {
                (subject(&alice, Request::Deposit { limit: PRICE }), change(&alice, order(tea, None)))
            }
            Case::DepositLimitReached => {
                let deposit = Request::Deposit { limit: 2 * PRICE };
                (subject(&alice, deposit), change(&alice, deposit))
            }
            Case::CancelTwice => {
                let placed = Keyed::new(&alice, format!("placed-{number}"), order(tea, None));
                let placed = self.prepared(&placed, "order_id").await.parse().unwrap();
                (subject(&alice, Request::Cancel(placed)), change(&alice, Request::Cancel(placed)))
            }
            Case::IssueLastCoupon => {
                let coupon = self.campaign(number).await;
                (subject(&alice, Request::Issue(coupon)), change(&bob, Request::Issue(coupon)))
            }
            Case::AdjustSold => (subject(&admin, Request::Adjust(tea, -1)), change(&alice, order(tea, None))),
            Case::AdjustRestocked => {
                (subject(&admin, Request::Adjust(tea, -2)), change(&admin, Request::Adjust(tea, 1)))
            }
            Case::UpdatePriceChanged => {
                (subject(&admin, Request::Reprice(tea, 9_000)), change(&admin, Request::Reprice(tea, 8_000)))
            }
            Case::ReshardSold => (subject(&admin, Request::Split(tea)), change(&alice, order(tea, None))),
        };
        (one, other, product)
    }

    /// An environment. Some have told another customer that there are not 99 units, and cached why.
    async fn environment(&self, product: Option<ProductId>) -> Arc<Store> {
        let environment = store(&self.engine);
        if let Some(product) = product.filter(|_| self.one_in(4)) {
            let visitor = UserId::parse(&format!("visitor-{}", ulid::Ulid::generate())).unwrap();
            let request = Request::Order { product, units: 99, quote: None };
            Keyed::new(&visitor, "visit", request).answer(&self.engine, &environment).await;
        }
        environment
    }

    /// Sends a copy from an environment. Some connections drop, and the client sends another copy from elsewhere: at
    /// once after it dropped, or after the answer that it could not read.
    async fn copy(self: Arc<Self>, subject: Keyed, environments: Vec<Arc<Store>>, after: Duration) -> Vec<Answer> {
        sleep(after).await;
        self.wait().await;
        let mut answers = Vec::new();
        let mut sent = JoinSet::new();
        for environment in environments {
            let (shop, subject) = (Arc::clone(&self), subject.clone());
            sent.spawn(async move { subject.answer(&shop.engine, &environment).await });
            if self.one_in(2) {
                self.wait().await;
            } else {
                answers.extend(sent.join_next().await.map(Result::unwrap));
            }
        }
        answers.extend(sent.join_all().await);
        answers
    }

    /// One run: the subject's answers.
    async fn run(self: &Arc<Self>, case: Case, number: usize) -> (Keyed, Vec<Answer>) {
        let (subject, change, product) = self.prepare(case, number).await;
        let after = Duration::from_millis(if self.one_in(2) { self.random(OFFSETS + 1) } else { 0 });
        let mut copies = JoinSet::new();
        for _ in 0..2 + self.random(5) {
            // A second environment is for the repetition, when the first connection drops.
            let mut environments = vec![self.environment(product).await];
            if self.one_in(3) {
                environments.push(self.environment(product).await);
            }
            copies.spawn(Arc::clone(self).copy(subject.clone(), environments, after));
        }
        self.wait().await;
        let environment = self.environment(product).await;
        change.answer(&self.engine, &environment).await;
        (subject, copies.join_all().await.concat())
    }
}

impl Outcome {
    /// Counts the answers under one key; there must be one.
    fn add(&mut self, case: Case, subject: &Keyed, answers: &[Answer]) {
        let tally = self.cases.entry(case).or_default();
        tally.keys += 1;
        tally.answers += answers.len();
        match &answers[0] {
            Answer::Accepted(_) => tally.accepted += 1,
            Answer::Rejected(_) => tally.rejected += 1,
        }
        if let Some(other) = answers.iter().find(|answer| **answer != answers[0]) {
            tally.two_answers += 1;
            self.violations.push(format!("{case:?}, {}: {:?} and {other:?}", subject.key, answers[0]));
        }
    }

    /// Compares the answer with what the events table has under the key. A coupon is its own record.
    fn compare(&mut self, engine: &Engine, answers: &[(Keyed, Answer)]) {
        let stored: BTreeMap<String, bool> = engine
            .items("events")
            .iter()
            .map(|item| (item["request"].as_text().unwrap().to_owned(), item.contains_key("rejection")))
            .collect();
        for (subject, answer) in answers.iter().filter(|(subject, _)| !matches!(subject.request, Request::Issue(_))) {
            let rejected = matches!(answer, Answer::Rejected(_));
            let stored = stored.get(&subject.event());
            if stored != Some(&rejected) {
                self.violations.push(format!("{subject:?} was answered {answer:?}, stored as rejected: {stored:?}"));
            }
        }
    }

    fn sum(&self, figure: impl Fn(&Tally) -> usize) -> usize {
        self.cases.values().map(figure).sum()
    }

    fn keys(&self) -> usize {
        self.sum(|tally| tally.keys)
    }

    fn table(&self) -> String {
        let mut table =
            "| command, and what changes | keys | answers | accepted | rejected | two answers |\n".to_owned();
        table.push_str("|---|---|---|---|---|---|\n");
        for (case, Tally { keys, answers, accepted, rejected, two_answers }) in &self.cases {
            writeln!(table, "| {case:?} | {keys} | {answers} | {accepted} | {rejected} | {two_answers} |").unwrap();
        }
        let [answers, two_answers] = [self.sum(|tally| tally.answers), self.sum(|tally| tally.two_answers)];
        writeln!(table, "{} keys, {answers} answers, {two_answers} keys with two answers", self.keys()).unwrap();
        table
    }
}

/// The runs of one shop.
fn run_shop(seed: u64, keys: usize, mutation: Mutation, outcome: &mut Outcome) {
    in_virtual_time(seed, async {
        // Longer transactions are visible in parts for longer.
        let factor = [1.0, 2.0, 4.0][usize::try_from(seed % 3).unwrap()];
        let engine = Engine::new(&Cloud::default().slower(factor), seed);
        admit_customers(&engine, 2 * keys).await;
        engine.break_with(mutation);
        let shop = Arc::new(Shop { engine, chance: Mutex::new(Chance::of(seed ^ 1)) });
        let mut answered = Vec::new();
        for number in 0..keys {
            let case = Case::ALL[usize::try_from(shop.random(Case::ALL.len() as u64)).unwrap()];
            let (subject, answers) = shop.run(case, number).await;
            outcome.add(case, &subject, &answers);
            answered.extend(answers.into_iter().next().map(|answer| (subject, answer)));
        }
        sleep(Duration::from_secs(30)).await;
        outcome.compare(&shop.engine, &answered);
        outcome.violations.extend(violations(&shop.engine).into_iter().map(|what| format!("seed {seed}: {what}")));
    });
}

#[test]
fn copies_of_a_keyed_command_get_one_answer_while_the_shop_changes() {
    let (keys, began) = (option("COPIES", 200), std::time::Instant::now());
    let mut outcome = Outcome::default();
    for seed in 0.. {
        let left = keys - outcome.keys();
        if left == 0 || !outcome.violations.is_empty() {
            break;
        }
        run_shop(seed, left.min(KEYS_OF_A_SHOP), Mutation::None, &mut outcome);
        if seed % 100 == 99 {
            eprintln!("{} keys, {} s", outcome.keys(), began.elapsed().as_secs());
        }
    }
    eprintln!("{}{} s", outcome.table(), began.elapsed().as_secs());
    assert_eq!(outcome.violations.first(), None, "and {} violations more", outcome.violations.len());
    let decided = (outcome.sum(|tally| tally.accepted), outcome.sum(|tally| tally.rejected));
    assert!(decided.0 > 0 && decided.1 > 0, "accepted and rejected: {decided:?}");
}

/// The control: without stored rejections, the runs find keys with two answers.
#[test]
fn keys_with_two_answers_are_found_when_rejections_are_not_stored() {
    let mut outcome = Outcome::default();
    for seed in 0..2 {
        run_shop(seed, KEYS_OF_A_SHOP, Mutation::LosesRejections, &mut outcome);
    }
    eprintln!("{}", outcome.table());
    for case in [Case::OrderSoldOut, Case::DepositLimitReached, Case::CancelTwice, Case::AdjustRestocked] {
        assert!(outcome.cases[&case].two_answers > 0, "{case:?}: no key with two answers was found");
    }
}

//! The shop before the doors open: something to sell, in so many shards, and customers who can pay.

use std::time::Duration;

use sijang_domain::{
    CampaignDraft, Command, CouponId, CouponTerms, Deposit, DepositLimits, Description, Discount, Fingerprint,
    IdempotencyKey, Money, Name, ProductDetails, ProductDraft, ProductId, RequestTime, ShardCount, Stock, Timestamp,
    UserId,
};
use sijang_storage::Store;
use tokio::time::Instant;

use super::{
    buyer::customer,
    connector::store,
    dynamo::{Engine, NOON},
    value::{Item, renamed},
};

/// Its price, in won.
pub const PRICE: i64 = 12_000;
/// The product or campaign that everybody wants.
#[derive(Debug, Clone, Copy)]
pub enum Goods {
    Product(ProductId),
    Campaign(CouponId),
}

impl Goods {
    fn id(self) -> String {
        match self {
            Self::Product(product) => product.to_string(),
            Self::Campaign(coupon) => coupon.to_string(),
        }
    }
}

/// The goods: units of a product, paid from the balance, or the coupons of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Orders,
    Coupons,
}

/// An administrator's command.
pub fn command(engine: &Engine, name: &str) -> Command {
    Command {
        user: UserId::parse("admin").unwrap(),
        operation: "simulation",
        key: IdempotencyKey::parse(name).unwrap(),
        fingerprint: Fingerprint::of(&name),
        time: RequestTime { now: engine.time(), deadline: (Instant::now() + Duration::from_secs(8)).into_std() },
        request_id: format!("request-{name}"),
        trace: None,
        reason: Some(Name::parse("simulation").unwrap()),
    }
}

/// Puts so many units, or coupons, on offer.
pub async fn offer(engine: &Engine, kind: Kind, units: u32, shards: ShardCount) -> Goods {
    let store = store(engine);
    let name = |text| Name::parse(text).unwrap();
    let id = |answer: &str, field: &str| {
        let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
        answer[field].as_str().unwrap().to_owned()
    };
    let goods = match kind {
        Kind::Orders => {
            let draft = ProductDraft {
                name: name("한정판"),
                description: Description::default(),
                price: ProductDraft::parse_price(PRICE).unwrap(),
                stock: Stock::new(units.into()).unwrap(),
                details: ProductDetails::default(),
            };
            let created = store.create_product(&command(engine, "create-product"), draft).await.unwrap();
            Goods::Product(id(created.value.as_str(), "product_id").parse().unwrap())
        }
        Kind::Coupons => {
            let draft = CampaignDraft {
                name: name("선착순"),
                terms: CouponTerms {
                    discount: Discount::Fixed { amount: Money::new(3_000).unwrap() },
                    minimum_order: Money::ZERO,
                },
                total: units,
                opens_at: Timestamp::from_millis(NOON - 1).unwrap(),
                closes_at: Timestamp::from_millis(NOON + 86_400_000).unwrap(),
                valid_days: 30,
            };
            let created = store.create_campaign(&command(engine, "create-campaign"), draft).await.unwrap();
            Goods::Campaign(id(created.value.as_str(), "coupon_id").parse().unwrap())
        }
    };
    if shards != ShardCount::ONE {
        assert!(reshard(engine, &store, goods, shards).await);
    }
    goods
}

/// Splits what is left into so many shards; whether it could be done before the deadline.
pub async fn reshard(engine: &Engine, store: &Store, goods: Goods, shards: ShardCount) -> bool {
    let command = command(engine, &format!("reshard-{}-{}", goods.id(), shards.get()));
    let answer = match goods {
        Goods::Product(product) => store.reshard_stock(&command, product, shards).await,
        Goods::Campaign(coupon) => store.reshard_coupon(&command, coupon, shards).await,
    };
    match answer {
        Ok(_) => true,
        Err(sijang_domain::Error::Busy(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Adds so many units, of a product.
pub async fn deliver(engine: &Engine, store: &Store, goods: Goods, units: u32) {
    let Goods::Product(product) = goods else { panic!("coupons are never delivered") };
    store.adjust_stock(&command(engine, "deliver"), product, units.into()).await.unwrap();
}

/// So many customers with money for one: the first pays in, the others are as she is.
pub async fn admit_customers(engine: &Engine, count: usize) {
    let first = customer(0);
    let limits = DepositLimits {
        min: Money::ZERO,
        max: Money::new(1_000_000).unwrap(),
        balance_max: Money::new(10_000_000).unwrap(),
    };
    let deposit = Deposit::new(PRICE, &limits).unwrap();
    let command = Command { user: first.clone(), ..command(engine, "deposit") };
    store(engine).deposit(&command, deposit, &limits).await.unwrap();
    for table in ["balances", "events"] {
        let of_first = |item: &Item| format!("{item:?}").contains(&first.to_string());
        let items: Vec<Item> = engine.items(table).into_iter().filter(of_first).collect();
        for number in 1..count {
            let (from, to) = (first.to_string(), customer(number).to_string());
            engine.fill(table, items.iter().map(|item| renamed(item, &from, &to)));
        }
    }
}

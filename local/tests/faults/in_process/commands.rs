//! The commands: those that are done, and those that are rejected.

use std::sync::Arc;

use sijang_domain::{
    BalanceAdjustment, CampaignDraft, Cart, CouponId, Deposit, Description, Error, Fingerprint, IdempotencyKey,
    Idempotent, IssuedCoupon, Order, OrderId, ProductDetails, ProductDraft, ProductId, ProductPatch, Rejection,
    ResponseBody, ShardCount, Stock, Timestamp, UserId,
};
use sijang_storage::Store;
use sijang_testkit::shop::{Shop, after, cancellation_period, fixed, limits, name, percent, welcome, won};

use crate::in_process::scenario::{Job, Prepared, Reply, Scenario, command};

pub fn done() -> Vec<Scenario> {
    vec![
        Scenario::new("deposit, the first", async |shop: Shop| {
            Prepared::command(&shop, deposit(&shop.customer("alice").user, 5_000)).await
        }),
        Scenario::new("deposit, onto a balance", async |shop: Shop| {
            let alice = shop.customer("alice").with_balance(3_000).await;
            Prepared::command(&shop, deposit(&alice.user, 5_000)).await
        }),
        Scenario::new("deposit, up to the limit", async |shop: Shop| {
            let alice = shop.customer("alice").with_balance(limits().balance_max.minor() - 5_000).await;
            Prepared::command(&shop, deposit(&alice.user, 5_000)).await
        }),
        Scenario::new("issue-coupon, with a key", async |shop: Shop| {
            let coupon = shop.campaign(1, fixed(500)).await;
            Prepared::command(&shop, issue(&shop.customer("alice").user, coupon)).await
        }),
        Scenario::new("issue-coupon, without a key", async |shop: Shop| {
            let coupon = shop.campaign(1, fixed(500)).await;
            Prepared::command(&shop, issue_without_key(&shop.customer("alice").user, coupon, shop.now())).await
        }),
        Scenario::new("place-order, one line", async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            let alice = shop.customer("alice").with_balance(2_000).await;
            Prepared::command(&shop, order(&alice.user, &[(tea, 2, None)], None)).await
        }),
        Scenario::new("place-order, one quoted line", async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            let alice = shop.customer("alice").with_balance(2_000).await;
            Prepared::command(&shop, order(&alice.user, &[(tea, 2, Some(1_000))], None)).await
        }),
        Scenario::new("place-order, three lines and a coupon", async |shop: Shop| {
            let (tea, milk, jam) =
                (shop.product(1_000, 2).await, shop.product(300, 1).await, shop.product(50, 9).await);
            let coupon = shop.campaign(1, percent(10)).await;
            let alice = shop.customer("alice").with_balance(3_000).await.with_coupon(coupon).await;
            let lines = [(tea, 2, None), (milk, 1, Some(300)), (jam, 3, None)];
            Prepared::command(&shop, order(&alice.user, &lines, Some(coupon))).await
        }),
        Scenario::new("place-order, paid by its coupon", async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            let coupon = shop.campaign(1, fixed(1_000)).await;
            let alice = shop.customer("alice").with_coupon(coupon).await;
            Prepared::command(&shop, order(&alice.user, &[(tea, 1, None)], Some(coupon))).await
        }),
        Scenario::new("cancel-order, two lines and a coupon", async |shop: Shop| {
            let (tea, milk) = (shop.product(1_000, 2).await, shop.product(300, 1).await);
            let coupon = shop.campaign(1, fixed(500)).await;
            let alice = shop.customer("alice").with_balance(3_000).await.with_coupon(coupon).await;
            let order = alice.order([(tea, 1), (milk, 1)]).with(coupon).done().await;
            Prepared::command(&shop, cancel(&alice.user, &order)).await
        }),
        Scenario::new("create-product", async |shop: Shop| Prepared::command(&shop, create_product(&shop)).await),
        Scenario::new("update-product", async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            let patch = ProductPatch { price: Some(won(1_200)), name: Some(name("new")), ..ProductPatch::default() };
            Prepared::command(&shop, update(&shop, tea, patch)).await
        }),
        Scenario::new("adjust-stock", async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            Prepared::command(&shop, adjust(&shop, tea, -2)).await
        }),
        Scenario::new("create-coupon", async |shop: Shop| Prepared::command(&shop, create_coupon(&shop)).await),
        Scenario::new("end-coupon", async |shop: Shop| {
            let coupon = shop.campaign(9, fixed(500)).await;
            Prepared::command(&shop, end_campaign(&shop, coupon)).await
        }),
    ]
}

/// Products and campaigns in shards: sold, given out, given back, adjusted, priced and split again.
pub fn done_in_shards() -> Vec<Scenario> {
    vec![
        Scenario::new("place-order, any of four shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 8, 4).await;
            let alice = shop.customer("alice").with_balance(2_000).await;
            Prepared::command(&shop, order(&alice.user, &[(tea, 2, None)], None)).await
        }),
        Scenario::new("place-order, quoted, shards unknown", async |shop: Shop| {
            let tea = shop.split_product(1_000, 8, 4).await;
            let alice = shop.customer("alice").with_balance(2_000).await;
            Prepared::command(&shop, order(&alice.user, &[(tea, 2, Some(1_000))], None)).await
        }),
        Scenario::new("place-order, a line from three shards", async |shop: Shop| {
            let (tea, milk) = (shop.split_product(1_000, 9, 3).await, shop.product(300, 1).await);
            let alice = shop.customer("alice").with_balance(9_000).await;
            Prepared::command(&shop, order(&alice.user, &[(tea, 8, None), (milk, 1, None)], None)).await
        }),
        Scenario::new("issue-coupon, four shards", async |shop: Shop| {
            let coupon = shop.split_campaign(4, fixed(500), 4).await;
            Prepared::command(&shop, issue(&shop.customer("alice").user, coupon)).await
        }),
        Scenario::new("cancel-order, drawn from three shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            let alice = shop.customer("alice").with_balance(9_000).await;
            let order = alice.order([(tea, 8)]).done().await;
            shop.reshard(tea, 2).done().await;
            Prepared::command(&shop, cancel(&alice.user, &order)).await
        }),
        Scenario::new("update-product, four shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 4).await;
            let patch = ProductPatch { price: Some(won(1_200)), ..ProductPatch::default() };
            Prepared::command(&shop, update(&shop, tea, patch)).await
        }),
        Scenario::new("adjust-stock, taken from three shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            Prepared::command(&shop, adjust(&shop, tea, -8)).await
        }),
        Scenario::new("adjust-stock, added to three shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            Prepared::command(&shop, adjust(&shop, tea, 8)).await
        }),
        Scenario::new("reshard-stock, from one to three", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            Prepared::command(&shop, reshard(&shop, tea, 3)).await
        }),
        Scenario::new("reshard-stock, from four to two", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 4).await;
            Prepared::command(&shop, reshard(&shop, tea, 2)).await
        }),
        Scenario::new("reshard-stock, while units are sold", async |shop: Shop| {
            let tea = shop.split_product(1_000, 30, 3).await;
            let alice = shop.customer("alice").with_balance(9_000).await;
            alice.order([(tea, 9)]).done().await;
            Prepared::command(&shop, reshard(&shop, tea, 2)).await
        }),
        Scenario::new("end-coupon, four shards", async |shop: Shop| {
            let coupon = shop.split_campaign(9, fixed(500), 4).await;
            shop.customer("alice").issue(coupon).done().await;
            Prepared::command(&shop, end_campaign(&shop, coupon)).await
        }),
        Scenario::new("void-coupon, four shards", async |shop: Shop| {
            let coupon = shop.split_campaign(9, fixed(500), 4).await;
            shop.customer("alice").issue(coupon).done().await;
            Prepared::command(&shop, void_campaign(&shop, coupon)).await
        }),
        Scenario::new("cancel-customer-order, two lines and a coupon", async |shop: Shop| {
            let (tea, milk) = (shop.product(1_000, 9).await, shop.product(300, 9).await);
            let coupon = shop.campaign(1, fixed(500)).await;
            let alice = shop.customer("alice").with_balance(9_000).await.with_coupon(coupon).await;
            let order = alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
            Prepared::command(&shop, cancel_for(&shop, &alice.user, &order)).await
        }),
        Scenario::new("adjust-balance, taken", async |shop: Shop| {
            let alice = shop.customer("alice").with_balance(9_000).await;
            Prepared::command(&shop, adjust_balance(&shop, &alice.user, -500)).await
        }),
        Scenario::new("adjust-balance, the first entry", async |shop: Shop| {
            shop.product(1_000, 9).await;
            let alice = shop.customer("alice");
            Prepared::command(&shop, adjust_balance(&shop, &alice.user, 500)).await
        }),
        Scenario::new("reshard-coupon, from one to three", async |shop: Shop| {
            let coupon = shop.campaign(9, fixed(500)).await;
            shop.customer("alice").issue(coupon).done().await;
            Prepared::command(&shop, reshard_coupon(&shop, coupon, 3)).await
        }),
    ]
}

pub fn rejected() -> Vec<Scenario> {
    vec![
        Scenario::new("deposit over the limit", async |shop: Shop| {
            let alice = shop.customer("alice").with_balance(limits().balance_max.minor()).await;
            Prepared::rejection(&shop, deposit(&alice.user, 100)).await
        }),
        Scenario::new("issue-coupon, sold out", async |shop: Shop| {
            let coupon = shop.campaign(1, fixed(500)).await;
            shop.customer("bob").with_coupon(coupon).await;
            Prepared::rejection(&shop, issue(&shop.customer("alice").user, coupon)).await
        }),
        Scenario::new("issue-coupon, held already", async |shop: Shop| {
            let coupon = shop.campaign(2, fixed(500)).await;
            let alice = shop.customer("alice").with_coupon(coupon).await;
            Prepared::rejection(&shop, issue(&alice.user, coupon)).await
        }),
        Scenario::new("place-order, short stock", async |shop: Shop| {
            let (tea, milk) = (shop.product(1_000, 1).await, shop.product(300, 9).await);
            let alice = shop.customer("alice").with_balance(9_000).await;
            Prepared::rejection(&shop, order(&alice.user, &[(milk, 1, None), (tea, 2, None)], None)).await
        }),
        Scenario::new("place-order, short balance", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let alice = shop.customer("alice").with_balance(1_999).await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 2, None)], None)).await
        }),
        Scenario::new("place-order, coupon used", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let coupon = shop.campaign(1, fixed(500)).await;
            let alice = shop.customer("alice").with_balance(9_000).await.with_coupon(coupon).await;
            alice.order([(tea, 1)]).with(coupon).done().await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 1, None)], Some(coupon))).await
        }),
        Scenario::new("place-order, below the coupon's minimum", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let coupon = shop.campaign(1, sijang_testkit::shop::from(5_000, fixed(500))).await;
            let alice = shop.customer("alice").with_balance(9_000).await.with_coupon(coupon).await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 1, Some(1_000))], Some(coupon))).await
        }),
        Scenario::new("place-order, price changed", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let alice = shop.customer("alice").with_balance(9_000).await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 1, Some(900))], None)).await
        }),
        Scenario::new("place-order, key of another order", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let alice = shop.customer("alice").with_balance(9_000).await;
            alice.order([(tea, 2)]).key("the-key").done().await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 1, None)], None)).await
        }),
        Scenario::new("cancel-order, cancelled before", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let alice = shop.customer("alice").with_balance(9_000).await;
            let order = alice.order([(tea, 2)]).done().await;
            alice.cancel(&order).done().await;
            Prepared::rejection(&shop, cancel(&alice.user, &order)).await
        }),
        Scenario::new("place-order, short stock in three shards", async |shop: Shop| {
            let (tea, milk) = (shop.split_product(1_000, 9, 3).await, shop.product(300, 1).await);
            let alice = shop.customer("alice").with_balance(90_000).await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 10, None), (milk, 2, None)], None)).await
        }),
        Scenario::new("issue-coupon, sold out in three shards", async |shop: Shop| {
            let coupon = shop.split_campaign(3, fixed(500), 3).await;
            for user in ["bob", "carol", "dave"] {
                shop.customer(user).with_coupon(coupon).await;
            }
            Prepared::rejection(&shop, issue(&shop.customer("alice").user, coupon)).await
        }),
        Scenario::new("adjust-stock, more than three shards have", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            Prepared::rejection(&shop, adjust(&shop, tea, -10)).await
        }),
        Scenario::new("cancel-customer-order, cancelled before", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let alice = shop.customer("alice").with_balance(9_000).await;
            let order = alice.order([(tea, 2)]).done().await;
            alice.cancel(&order).done().await;
            Prepared::rejection(&shop, cancel_for(&shop, &alice.user, &order)).await
        }),
        Scenario::new("adjust-balance, more than there is", async |shop: Shop| {
            let alice = shop.customer("alice").with_balance(499).await;
            Prepared::rejection(&shop, adjust_balance(&shop, &alice.user, -500)).await
        }),
        Scenario::new("void-coupon, voided before", async |shop: Shop| {
            let coupon = shop.campaign(9, fixed(500)).await;
            shop.void_campaign(coupon).done().await;
            Prepared::rejection(&shop, void_campaign(&shop, coupon)).await
        }),
        Scenario::new("place-order, coupon voided", async |shop: Shop| {
            let tea = shop.product(1_000, 9).await;
            let coupon = shop.campaign(1, fixed(500)).await;
            let alice = shop.customer("alice").with_balance(9_000).await.with_coupon(coupon).await;
            shop.void_campaign(coupon).done().await;
            Prepared::rejection(&shop, order(&alice.user, &[(tea, 1, None)], Some(coupon))).await
        }),
        Scenario::new("adjust-stock, more than there is", async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            Prepared::rejection(&shop, adjust(&shop, tea, -3)).await
        }),
    ]
}

fn end_campaign(shop: &Shop, coupon: CouponId) -> Job {
    let send = move |store: Arc<Store>, command| async move { store.end_campaign(&command, coupon).await };
    command(&shop.customer("admin").user, "end-coupon", Fingerprint::of(&coupon), send, rendered)
}

fn void_campaign(shop: &Shop, coupon: CouponId) -> Job {
    let send = move |store: Arc<Store>, command| async move { store.void_campaign(&command, coupon).await };
    command(&admin(shop), "void-coupon", Fingerprint::of(&coupon), send, rendered)
}

fn cancel_for(shop: &Shop, customer: &UserId, order: &Order) -> Job {
    let (customer, order_id) = (customer.clone(), order.order_id);
    let fingerprint = Fingerprint::of(&(&customer, order_id));
    let send = move |store: Arc<Store>, command| {
        let customer = customer.clone();
        async move { store.cancel_customer_order(&command, &customer, order_id).await }
    };
    command(&admin(shop), "cancel-customer-order", fingerprint, send, json)
}

fn adjust_balance(shop: &Shop, customer: &UserId, amount: i64) -> Job {
    let (customer, max) = (customer.clone(), limits().balance_max);
    let adjustment = BalanceAdjustment::new(amount, max).unwrap();
    let fingerprint = Fingerprint::of(&(&customer, adjustment));
    let send = move |store: Arc<Store>, command| {
        let customer = customer.clone();
        async move { store.adjust_balance(&command, &customer, adjustment, max).await }
    };
    command(&admin(shop), "adjust-balance", fingerprint, send, rendered)
}

fn rendered(answer: &ResponseBody) -> String {
    answer.as_str().to_owned()
}

fn json(order: &Order) -> String {
    serde_json::to_string(order).unwrap()
}

fn deposit(user: &UserId, amount: i64) -> Job {
    let deposit = Deposit::new(amount, &limits()).unwrap();
    let send = move |store: Arc<Store>, command| async move { store.deposit(&command, deposit, &limits()).await };
    command(user, "deposit-balance", Fingerprint::of(&deposit), send, rendered)
}

fn order(user: &UserId, lines: &[(ProductId, i64, Option<i64>)], coupon: Option<CouponId>) -> Job {
    let lines = lines.iter().map(|(product, quantity, quote)| (*product, *quantity, quote.map(won)));
    let cart = Cart::new(lines).unwrap();
    let fingerprint = Fingerprint::of(&(&cart, coupon));
    let send = move |store: Arc<Store>, command| {
        let cart = cart.clone();
        async move { store.place_order(&command, &cart, coupon).await }
    };
    command(user, "place-order", fingerprint, send, json)
}

fn cancel(user: &UserId, order: &Order) -> Job {
    let order_id: OrderId = order.order_id;
    let send = move |store: Arc<Store>, command| async move {
        store.cancel_order(&command, order_id, cancellation_period()).await
    };
    command(user, "cancel-order", Fingerprint::of(&order_id), send, json)
}

/// The coupon that a user is shown when it is issued, however often it is asked for.
fn issued(coupon: &IssuedCoupon) -> String {
    format!("{coupon:?}")
}

fn issue(user: &UserId, coupon: CouponId) -> Job {
    let send = move |store: Arc<Store>, command: sijang_domain::Command| async move {
        store.issue_coupon(&command.user, coupon, Some(&command.key), command.time).await
    };
    command(user, "issue-coupon", Fingerprint::of(&()), send, issued)
}

/// Without a key the client cannot say that it asks again: that it holds the coupon is then its answer. But what it asks
/// for the first time, soon after `first`, is not rejected for what it got itself.
fn issue_without_key(user: &UserId, coupon: CouponId, first: Timestamp) -> Job {
    let user = user.clone();
    Arc::new(move |clients, time| {
        let user = user.clone();
        Box::pin(async move {
            let none: Option<&IdempotencyKey> = None;
            match clients.store.issue_coupon(&user, coupon, none, time).await {
                Ok(Idempotent { value, replayed }) => Ok(Reply { text: issued(&value), replayed }),
                Err(Error::Rejected(Rejection::CouponAlreadyIssued { coupon })) if time.now > after(first, 30) => {
                    Ok(Reply { text: issued(&coupon), replayed: true })
                }
                Err(error) => Err(error),
            }
        })
    })
}

fn admin(shop: &Shop) -> UserId {
    shop.customer("admin").user
}

fn create_product(shop: &Shop) -> Job {
    let (price, stock) = (won(700), Stock::new(5).unwrap());
    let (description, details) = (Description::default(), ProductDetails::default());
    let draft = ProductDraft { name: name("jam"), description, price, stock, details };
    let fingerprint = Fingerprint::of(&draft);
    let send = move |store: Arc<Store>, command| {
        let draft = draft.clone();
        async move { store.create_product(&command, draft).await }
    };
    command(&admin(shop), "create-product", fingerprint, send, rendered)
}

fn update(shop: &Shop, product: ProductId, patch: ProductPatch) -> Job {
    let fingerprint = Fingerprint::of(&(product, &patch));
    let send = move |store: Arc<Store>, command| {
        let patch = patch.clone();
        async move { store.update_product(&command, product, &patch).await }
    };
    command(&admin(shop), "update-product", fingerprint, send, rendered)
}

fn adjust(shop: &Shop, product: ProductId, delta: i64) -> Job {
    let send = move |store: Arc<Store>, command| async move { store.adjust_stock(&command, product, delta).await };
    command(&admin(shop), "adjust-stock", Fingerprint::of(&(product, delta)), send, rendered)
}

fn reshard(shop: &Shop, product: ProductId, shards: i64) -> Job {
    let shards = ShardCount::new(shards).unwrap();
    let send = move |store: Arc<Store>, command| async move { store.reshard_stock(&command, product, shards).await };
    command(&admin(shop), "reshard-stock", Fingerprint::of(&(product, shards)), send, rendered)
}

fn reshard_coupon(shop: &Shop, coupon: CouponId, shards: i64) -> Job {
    let shards = ShardCount::new(shards).unwrap();
    let send = move |store: Arc<Store>, command| async move { store.reshard_coupon(&command, coupon, shards).await };
    command(&admin(shop), "reshard-coupon", Fingerprint::of(&(coupon, shards)), send, rendered)
}

fn create_coupon(shop: &Shop) -> Job {
    let draft: CampaignDraft = welcome();
    let fingerprint = Fingerprint::of(&draft);
    let send = move |store: Arc<Store>, command| {
        let draft = draft.clone();
        async move { store.create_campaign(&command, draft).await }
    };
    command(&admin(shop), "create-coupon", fingerprint, send, rendered)
}

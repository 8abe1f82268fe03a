//! Processes killed in the middle of a load: what was acknowledged is there, nothing is there twice, and the event
//! pipeline catches up by itself.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use libtest_mimic::{Completion, Trial};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sijang_cloud::stack::StackOptions;
use sijang_storage::AttributeValue;
use sijang_testkit::http::{Person, Shop, krw, order, text};
use tokio::time::{Instant, sleep};

use crate::{
    stored::Stored,
    world::{World, eventually, named},
};

const CUSTOMERS: usize = 8;
const PRICE: i64 = 100;
/// How long each kind of process is killed again and again.
const ROUND: Duration = Duration::from_secs(8);
/// Between two kills.
const PAUSE: Duration = Duration::from_millis(1_500);

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(own_trial, world, nothing_acknowledged_is_lost_and_nothing_is_there_twice),
        named!(lone_trial, world, worker_finishes_the_command_of_a_killed_process),
    ]
}

/// The load: customers who order, one order after the other, until they are told to stop.
struct Load {
    ended: AtomicBool,
    placed: AtomicUsize,
}

impl Load {
    /// Ids of the acknowledged orders.
    async fn of(&self, customer: &Person, product: &str) -> Vec<String> {
        let mut acknowledged = Vec::new();
        while !self.ended.load(Ordering::SeqCst) {
            let key = format!("order-{}", acknowledged.len());
            let answer = customer.post("/v1/orders").key(&key).json(&order(product, 1)).until_definite().await;
            acknowledged.push(text(&answer.value(201)["order_id"]));
            self.placed.fetch_add(1, Ordering::SeqCst);
        }
        acknowledged
    }

    fn placed(&self) -> usize {
        self.placed.load(Ordering::SeqCst)
    }
}

async fn nothing_acknowledged_is_lost_and_nothing_is_there_twice(world: Arc<World>) -> Completion {
    let shop = world.start(StackOptions::isolated(world.state_folder())).await.unwrap();
    // The messages of a killed consumer come back after this time. At the usual three minutes nobody would wait.
    shop.set_visibility_timeout("OrderEventsQueueUrl", "10").await;
    let product = shop.product(PRICE, 1_000_000).await;
    let customers = join_all((0..CUSTOMERS).map(|_| shop.customer_with(1_000_000))).await;
    let load = Load { ended: AtomicBool::new(false), placed: AtomicUsize::new(0) };
    let ordering = join_all(customers.iter().map(|customer| load.of(customer, &product)));
    let killing = async {
        let killed = kill_for_a_while(&shop, &load).await;
        load.ended.store(true, Ordering::SeqCst);
        killed
    };
    let (acknowledged, killed) = tokio::join!(ordering, killing);
    assert!(killed >= 9, "only {killed} processes were killed");

    let stored = Stored::once_counted(&shop).await;
    eprintln!("kills: {} orders, {killed} processes killed; the events are through", load.placed());
    stored.check();
    let all: BTreeSet<&str> = acknowledged.iter().flatten().map(String::as_str).collect();
    assert_eq!(all.len(), load.placed(), "no order answers two keys");
    // A client's last request was answered too: the stored and the acknowledged orders are the same.
    assert_eq!(stored.orders(), all);
    for (customer, orders) in customers.iter().zip(&acknowledged) {
        let spent = i64::try_from(orders.len()).unwrap() * PRICE;
        assert_eq!(customer.balance().await, 1_000_000 - spent);
    }
    assert_eq!(shop.stock(&product).await, 1_000_000 - i64::try_from(all.len()).unwrap());
    drop(customers);
    shop.close().await;
    Completion::Completed
}

/// Kills one kind of process after the other; how many it were. After each kill the load must go on.
async fn kill_for_a_while(shop: &Shop, load: &Load) -> usize {
    let mut killed = 0;
    for victims in [&["place-order"][..], &["record-sales", "publish-order-events"]] {
        let end = Instant::now() + ROUND;
        while Instant::now() < end {
            let before = load.placed();
            let going_on = async || (load.placed() >= before + CUSTOMERS).then_some(());
            eventually("the load to go on", Duration::from_mins(1), going_on).await;
            for pid in victims.iter().flat_map(|victim| pids(shop, victim)) {
                // It may just be gone, and be on its way back.
                killed += usize::from(kill_process(pid, Signal::KILL).is_ok());
            }
            sleep(PAUSE).await;
        }
        eprintln!("kills: {} orders so far, {killed} processes killed, now {}", load.placed(), victims.join(" and "));
    }
    let before = load.placed();
    eventually("the load to go on", Duration::from_mins(1), async || {
        (load.placed() > before + CUSTOMERS).then_some(())
    })
    .await;
    killed
}

/// A price that 96 shards are to have; its process is killed when the command is accepted, and nobody repeats it.
async fn worker_finishes_the_command_of_a_killed_process(shop: Shop) {
    let (admin, product) = (shop.admin(), shop.product(PRICE, 960).await);
    let shards = admin.post(&format!("/v1/admin/products/{product}/shards")).new_key().json(&json!({"shards": 96}));
    shards.until_definite().await.value(200);
    let unfinished = async || {
        let key = [("product_id", product.clone()), ("sk", "INFO".to_owned())];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into();
        let read = shop.db().get_item().table_name(shop.table("products")).set_key(Some(key)).consistent_read(true);
        read.send().await.unwrap().item.unwrap().contains_key("rollout")
    };
    let mut price = PRICE;
    // The rollout may be over before the process is killed: then there is another price.
    loop {
        price += 1;
        let change =
            admin.patch(&format!("/v1/admin/products/{product}")).new_key().json(&json!({"price": krw(price)}));
        let sent = tokio::spawn(change.dropped_after(Duration::from_secs(10)));
        while !sent.is_finished() && !unfinished().await {}
        for pid in pids(&shop, "update-product") {
            let _ = kill_process(pid, Signal::KILL);
        }
        if unfinished().await {
            sent.abort();
            break;
        }
        assert!(price < PRICE + 50, "no process could be killed between two shards");
    }
    let finished = async || (!unfinished().await).then_some(());
    eventually("the worker to finish the command", Duration::from_mins(1), finished).await;
    let stored = Stored::read(&shop).await;
    assert_eq!(stored.prices_of(&product), vec![price.to_string(); 96]);
    eprintln!("kills: a command was finished by the worker, after {} prices", price - PRICE);
}

fn pids(shop: &Shop, victim: &str) -> Vec<Pid> {
    let pids = shop.stack().pids(victim);
    pids.into_iter().filter_map(|pid| Pid::from_raw(pid.try_into().ok()?)).collect()
}

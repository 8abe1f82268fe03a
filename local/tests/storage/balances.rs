//! Balances and their ledger.

use sijang_domain::{EntryType, LedgerEntry, Rejection};
use sijang_testkit::shop::{Shop, after, limits, pages, won};

fn balances(entries: &[LedgerEntry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.balance.minor()).collect()
}

fn amounts(entries: &[LedgerEntry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.amount.minor()).collect()
}

#[tokio::test]
async fn a_new_user_has_nothing() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice");
    assert_eq!(alice.balance().await, 0);
    assert_eq!(alice.ledger().await, []);
}

#[tokio::test]
async fn a_deposit_is_added_with_one_ledger_entry_and_one_event() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let before = shop.snapshot().await;
    alice.deposit(50_000).done().await;
    assert_eq!(shop.snapshot().await.effects_since(&before), ["+ balances", "+ events", "~ balances"]);
    assert_eq!(alice.balance().await, 51_000);
    let newest = &alice.ledger().await[0];
    assert_eq!((newest.r#type, newest.amount.minor(), newest.balance), (EntryType::Deposit, 50_000, won(51_000)));
    shop.check().await;
}

#[tokio::test]
async fn a_deposit_is_answered_with_its_ledger_entry() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice");
    let answer = alice.deposit(50_000).done().await;
    let entry = &alice.ledger().await[0];
    assert_eq!(answer.as_str(), serde_json::to_string(entry).unwrap());
}

#[tokio::test]
async fn a_balance_may_reach_its_limit_but_not_pass_it() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice").with_balance(9_999_900).await;
    let limit = limits().balance_max;
    let too_much = alice.deposit(101).rejected().await;
    assert_eq!(too_much, Rejection::BalanceLimitExceeded { balance: won(9_999_900), limit });
    alice.deposit(100).done().await;
    assert_eq!(alice.deposit(100).rejected().await, Rejection::BalanceLimitExceeded { balance: limit, limit });
}

#[tokio::test]
async fn a_replayed_deposit_is_answered_byte_for_byte_and_written_once() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice");
    let deposit = alice.deposit(50_000);
    let first = deposit.clone().done().await;
    alice.deposit(7_000).done().await;
    assert_eq!(deposit.again().replayed().await, first);
    assert_eq!(deposit.again().in_environment_of(&shop.another_environment()).replayed().await, first);
    assert_eq!(alice.balance().await, 57_000);
}

#[tokio::test]
async fn a_replay_is_answered_though_the_balance_has_reached_its_limit_since() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice");
    let deposit = alice.deposit(100_000);
    let first = deposit.clone().done().await;
    let alice = alice.with_balance(9_900_000).await;
    assert_eq!(deposit.again().replayed().await, first);
    assert_eq!(alice.balance().await, 10_000_000);
}

#[tokio::test]
async fn a_key_is_not_good_for_another_amount() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice");
    alice.deposit(50_000).key("k").done().await;
    assert_eq!(alice.deposit(50_001).key("k").rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test]
async fn a_key_used_for_another_amount_is_told_before_the_limit() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice");
    alice.deposit(500_000).key("k").done().await;
    let alice = alice.with_balance(9_500_000).await;
    assert_eq!(alice.deposit(1_000_000).key("k").rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test]
async fn the_same_key_of_two_users_is_two_keys() {
    let shop = Shop::open().await;
    let (alice, bob) = (shop.customer("alice"), shop.customer("bob"));
    alice.deposit(1_000).key("k").done().await;
    bob.deposit(2_000).key("k").done().await;
    // A user whose name looks like part of a record's key is still somebody else.
    shop.customer("alice#deposit-balance").deposit(3_000).key("k").done().await;
    assert_eq!((alice.balance().await, bob.balance().await), (1_000, 2_000));
    shop.check().await;
}

#[tokio::test]
async fn the_same_key_for_two_operations_is_two_keys() {
    let shop = Shop::open().await;
    let tea = shop.product(400, 1).await;
    let alice = shop.customer("alice");
    alice.deposit(1_000).key("k").done().await;
    alice.order([(tea, 1)]).key("k").done().await;
    assert_eq!(alice.balance().await, 600);
}

#[tokio::test]
async fn the_ledger_is_paged_newest_first_with_the_balance_after_each_entry() {
    let shop = Shop::open().await;
    let (tea, gift) = (shop.product(700, 100).await, shop.product(0, 100).await);
    let alice = shop.customer("alice").with_balance(10_000).await;
    for product in [tea, gift, tea] {
        alice.order([(product, 2)]).done().await;
        alice.deposit(100).done().await;
    }
    let all = alice.ledger().await;
    assert_eq!(amounts(&all), [100, -1_400, 100, 0, 100, -1_400, 10_000]);
    assert_eq!(balances(&all), [7_500, 7_400, 8_800, 8_700, 8_700, 8_600, 10_000]);
    for limit in 1..=8 {
        let pages = pages(|after| alice.ledger_page(limit, after)).await;
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
        assert_eq!(pages.concat(), all, "pages of {limit}");
    }
}

#[tokio::test]
async fn the_pages_of_a_ledger_do_not_shift_when_entries_are_added() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice").with_balance(1_000).await.with_balance(2_000).await.with_balance(4_000).await;
    let first = alice.ledger_page(1, None).await.unwrap();
    alice.deposit(8_000).done().await;
    let second = alice.ledger_page(1, first.next).await.unwrap();
    let third = alice.ledger_page(1, second.next).await.unwrap();
    let read = [first.data, second.data, third.data].concat();
    assert_eq!(balances(&read), [7_000, 3_000, 1_000]);
    assert_eq!(third.next, None);
}

#[tokio::test]
async fn entries_sort_as_they_were_committed_though_a_clock_runs_behind() {
    let shop = Shop::open().await;
    let tea = shop.product(700, 100).await;
    let alice = shop.customer("alice");
    let now = shop.now();
    alice.deposit(10_000).at(now).done().await;
    alice.order([(tea, 1)]).at(after(now, -3_600)).done().await;
    alice.deposit(5_000).at(after(now, -7_200)).done().await;
    alice.order([(tea, 2)]).at(after(now, -10_800)).done().await;
    shop.check().await;
    let ledger = alice.ledger().await;
    assert_eq!(amounts(&ledger), [-1_400, 5_000, -700, 10_000]);
    assert_eq!(balances(&ledger), [12_900, 14_300, 9_300, 10_000]);
    // Their times stay what the clocks said.
    assert_eq!(ledger[0].created_at, after(now, -10_800));
}

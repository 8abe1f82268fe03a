//! The history of staff: who did what, when and why, written with the command itself.

use sijang_domain::{ActionSubject, Day, FieldChange, ProductPatch, ProductStatus, StaffAction};
use sijang_testkit::shop::{Shop, at, fixed, name, race, won};

/// The actions of the day on which the tests take place, newest first.
async fn actions(shop: &Shop) -> Vec<StaffAction> {
    shop.store.staff_actions("2026-11-21".parse().unwrap(), 100, None).await.unwrap().data
}

/// The newest action: its name, its subject, what it changed.
async fn newest(shop: &Shop) -> (String, ActionSubject, Vec<FieldChange>) {
    let StaffAction { action, subject, changes, .. } = actions(shop).await.swap_remove(0);
    (action, subject, changes)
}

#[tokio::test]
async fn each_command_of_staff_records_its_subject_and_what_it_changed() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 9).await;
    let of_tea = |action: &str, changes| (action.to_owned(), ActionSubject::product(tea), changes);
    let created = vec![FieldChange::to("price", 1_000), FieldChange::to("stock", 9)];
    assert_eq!(newest(&shop).await, of_tea("create-product", created));
    let patch =
        ProductPatch { price: Some(won(900)), status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
    shop.update(tea, patch).done().await;
    let updated = vec![FieldChange::from_to("price", 1_000, 900), FieldChange::from_to("status", "ACTIVE", "INACTIVE")];
    assert_eq!(newest(&shop).await, of_tea("update-product", updated));
    for delta in [-4, 6] {
        shop.adjust(tea, delta).done().await;
        assert_eq!(newest(&shop).await, of_tea("adjust-stock", vec![FieldChange::by("stock", delta)]));
    }
    shop.reshard(tea, 3).done().await;
    assert_eq!(newest(&shop).await, of_tea("reshard-stock", vec![FieldChange::from_to("shards", 1, 3)]));
    let coupon = shop.campaign(7, fixed(500)).await;
    let of_coupon = |action: &str, changes| (action.to_owned(), ActionSubject::campaign(coupon), changes);
    let created = vec![FieldChange::to("total", 7), FieldChange::to("closes_at", "2026-11-21T15:00:00.000Z")];
    assert_eq!(newest(&shop).await, of_coupon("create-coupon", created));
    shop.reshard_coupon(coupon, 2).done().await;
    assert_eq!(newest(&shop).await, of_coupon("reshard-coupon", vec![FieldChange::from_to("shards", 1, 2)]));
    shop.check().await;
}

#[tokio::test]
async fn action_names_who_when_why_and_the_key_of_the_request() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 9).await;
    let now = at("2026-11-21T05:00:00Z");
    shop.adjust(tea, -1).key("the-key").at(now).done().await;
    let action = actions(&shop).await.swap_remove(0);
    assert_eq!((action.staff_id.as_str(), action.idempotency_key.as_str()), ("admin", "the-key"));
    assert_eq!((action.created_at, action.reason), (now, Some(name("inventory"))));
    let created = actions(&shop).await.swap_remove(1);
    assert_eq!(created.reason, None, "optional where neither money nor goods move");
}

#[tokio::test]
async fn rejected_or_replayed_command_of_staff_records_nothing() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 2).await;
    let taken = shop.adjust(tea, -1);
    taken.clone().done().await;
    taken.again().replayed().await;
    shop.adjust(tea, -9).rejected().await;
    assert_eq!(actions(&shop).await.len(), 2);
    shop.check().await;
}

#[tokio::test]
async fn copies_of_a_command_of_staff_record_one_action() {
    let shop = Shop::open().await;
    let tea = shop.split_product(1_000, 9, 3).await;
    let update = shop.reprice(tea, 900);
    let copies = (0..8).map(|_| update.clone().in_environment_of(&shop.another_environment()));
    for copy in race(copies).await {
        copy.unwrap();
    }
    let updates = actions(&shop).await.into_iter().filter(|action| action.action == "update-product");
    assert_eq!(updates.count(), 1);
    shop.check().await;
}

#[tokio::test]
async fn actions_of_a_day_in_seoul_are_listed_newest_first_by_cursor() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    for time in ["2026-11-21T14:59:59.999Z", "2026-11-21T15:00:00Z", "2026-11-22T14:59:59Z", "2026-11-22T15:00:00Z"] {
        shop.adjust(tea, -1).at(at(time)).done().await;
    }
    let day: Day = "2026-11-22".parse().unwrap();
    let page = shop.store.staff_actions(day, 1, None).await.unwrap();
    let rest = shop.store.staff_actions(day, 1, page.next).await.unwrap();
    let times = [&page.data, &rest.data].map(|data| data.iter().map(|action| action.created_at).collect::<Vec<_>>());
    assert_eq!(times, [vec![at("2026-11-22T14:59:59Z")], vec![at("2026-11-21T15:00:00Z")]]);
    assert_eq!(rest.next, None);
}

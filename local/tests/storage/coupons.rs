//! Coupon campaigns, and the coupons that users hold.

use sijang_domain::{
    CampaignDraft, CampaignListing, CampaignState, CouponId, CouponStatus, Error, Rejection, Timestamp,
};
use sijang_testkit::{
    pipeline::order_events,
    shop::{Shop, after, at, fixed, from, name, pages, percent, time, welcome},
};

use crate::sales::record_on;

const NOBODYS: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

#[tokio::test]
async fn an_issued_coupon_is_counted_and_held() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(10, fixed(3_000)).await;
    let alice = shop.customer("alice");
    let before = shop.snapshot().await;
    let issued = alice.issue(coupon).done().await;
    // Asking again finds the coupon itself: no event is needed.
    assert_eq!(shop.snapshot().await.effects_since(&before), ["+ user-coupons", "~ coupons"]);
    assert_eq!(alice.coupons().await, [issued]);
    assert_eq!(shop.store.open_campaigns(10, None, time(shop.now())).await.unwrap().data[0].remaining, 9);
    shop.check().await;
}

#[tokio::test]
async fn campaign_is_shown_before_it_opens_while_it_is_open_and_when_it_is_over() {
    let shop = Shop::open().await;
    let (coupon, terms) = (shop.campaign(10, fixed(3_000)).await, welcome());
    shop.customer("alice").issue(coupon).done().await;
    let mut shown = Vec::new();
    for now in [after(terms.opens_at, -1), terms.opens_at, terms.closes_at] {
        let CampaignListing { campaign, remaining } = shop.store.campaign_listing(coupon, now).await.unwrap();
        shown.push((campaign.coupon_id, campaign.state(now), remaining));
    }
    let states = [CampaignState::Upcoming, CampaignState::Open, CampaignState::Closed];
    assert_eq!(shown, states.map(|state| (coupon, state, 9)));
    let absent = shop.store.campaign_listing(NOBODYS.parse().unwrap(), shop.now()).await;
    assert_eq!(absent.unwrap_err().to_string(), Error::from(Rejection::CouponNotFound).to_string());
}

#[tokio::test]
async fn view_of_a_split_campaign_is_a_second_old_at_most() {
    let shop = Shop::open().await;
    let coupon = shop.split_campaign(32, fixed(5), 8).await;
    let viewer = shop.another_environment();
    let now = shop.now();
    let shown_after = async |millis| {
        let at = Timestamp::from_millis(now.millis() + millis).unwrap();
        let CampaignListing { campaign, remaining } = viewer.store.campaign_listing(coupon, at).await.unwrap();
        (remaining, campaign.is_open(at))
    };
    assert_eq!(shown_after(0).await, (32, true));
    shop.customer("alice").issue(coupon).done().await;
    shop.end_campaign(coupon).at(now).done().await;
    assert_eq!(shown_after(999).await, (32, true), "the view is not cached");
    assert_eq!(shown_after(1_000).await, (31, false));
}

#[tokio::test]
async fn an_issued_coupon_has_the_terms_of_its_campaign() {
    let shop = Shop::open().await;
    for terms in [fixed(3_000), percent(15), from(20_000, percent(100))] {
        let coupon = shop.campaign(2, terms.clone()).await;
        // The second time, from memory.
        for user in ["alice", "bob"] {
            let issued = shop.customer(user).issue(coupon).done().await;
            assert_eq!((issued.terms, issued.expires_at), (terms.clone(), at("2026-12-21T15:00:00Z")));
        }
    }
}

#[tokio::test]
async fn a_second_coupon_of_a_campaign_is_rejected_with_the_one_that_is_held() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(10, fixed(3_000)).await;
    let alice = shop.customer("alice");
    let held = Box::new(alice.issue(coupon).done().await);
    for second in [alice.issue(coupon), alice.issue(coupon).without_key()] {
        assert_eq!(second.rejected().await, Rejection::CouponAlreadyIssued { coupon: held.clone() });
    }
}

#[tokio::test]
async fn a_coupon_that_is_held_is_told_before_the_campaign_s_end() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_coupon(coupon).await;
    let late = alice.issue(coupon).at(after(welcome().closes_at, 1)).rejected().await;
    assert!(matches!(late, Rejection::CouponAlreadyIssued { .. }), "{late:?}");
}

#[tokio::test]
async fn a_replayed_issue_is_answered_with_the_coupon_that_it_got() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let issue = shop.customer("alice").issue(coupon);
    let first = issue.clone().done().await;
    assert_eq!(issue.again().replayed().await, first);
    assert_eq!(issue.again().in_environment_of(&shop.another_environment()).replayed().await, first);
}

#[tokio::test]
async fn one_key_is_good_for_the_coupons_of_two_campaigns() {
    let shop = Shop::open().await;
    let (one, other) = (shop.campaign(1, fixed(3_000)).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice");
    alice.issue(one).key("k").done().await;
    alice.issue(other).key("k").done().await;
    assert_eq!(alice.coupons().await.len(), 2);
}

#[tokio::test]
async fn no_coupon_is_issued_over_the_total() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(2, fixed(3_000)).await;
    for user in ["alice", "bob"] {
        shop.customer(user).issue(coupon).done().await;
    }
    assert_eq!(shop.customer("carol").issue(coupon).rejected().await, Rejection::CouponSoldOut);
    shop.check().await;
}

#[tokio::test]
async fn coupons_are_issued_from_the_opening_to_before_the_close() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(10, fixed(3_000)).await;
    let CampaignDraft { opens_at, closes_at, .. } = welcome();
    let issue = |user: &str, at| shop.customer(user).issue(coupon).at(at);
    assert_eq!(issue("alice", after(opens_at, -1)).rejected().await, Rejection::CouponNotOpen { opens_at });
    issue("alice", opens_at).done().await;
    issue("bob", after(closes_at, -1)).done().await;
    assert_eq!(issue("carol", closes_at).rejected().await, Rejection::CouponClosed { closed_at: closes_at });
}

#[tokio::test]
async fn a_campaign_that_does_not_exist_is_not_found() {
    let shop = Shop::open().await;
    let nothing: CouponId = NOBODYS.parse().unwrap();
    assert_eq!(shop.customer("alice").issue(nothing).rejected().await, Rejection::CouponNotFound);
}

#[tokio::test]
async fn a_campaign_is_created_once_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let campaign = shop.create_campaign(welcome()).key("k");
    let first = campaign.clone().done().await;
    assert_eq!(campaign.again().replayed().await, first);
    let other = shop.create_campaign(CampaignDraft { total: 11, ..welcome() }).key("k");
    assert_eq!(other.rejected().await, Rejection::IdempotencyKeyReused);
}

fn names(listings: &[CampaignListing]) -> Vec<&str> {
    listings.iter().map(|listing| listing.campaign.name.as_str()).collect()
}

/// Campaigns of every kind around `now`: over, about to begin, and five that are open.
async fn many_campaigns(shop: &Shop) -> sijang_domain::Timestamp {
    let now = shop.now();
    let windows = [
        ("over", -9, -1),
        ("ends now", -9, 0),
        ("first", -9, 1),
        ("future 1", 1, 2),
        ("second", 0, 2),
        ("third", -1, 3),
        ("future 2", 1, 3),
        ("future 3", 2, 4),
        ("fourth", -3, 5),
        ("future 4", 4, 6),
        ("fifth", -2, 7),
        ("future 5", 4, 8),
    ];
    for (title, opens, closes) in windows {
        let (opens_at, closes_at) = (after(now, opens * 3_600), after(now, closes * 3_600));
        shop.campaign_of(CampaignDraft { name: name(title), opens_at, closes_at, ..welcome() }).await;
    }
    now
}

#[tokio::test]
async fn open_campaigns_are_paged_by_their_close_without_those_to_come_or_over() {
    let shop = Shop::open().await;
    let now = many_campaigns(&shop).await;
    for limit in 1..=6 {
        let pages = pages(|after| shop.store.open_campaigns(limit, after, time(now))).await;
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
        assert_eq!(names(&pages.concat()), ["first", "second", "third", "fourth", "fifth"], "pages of {limit}");
    }
}

#[tokio::test]
async fn next_page_of_campaigns_is_read_after_its_cursor_s_one_closed() {
    let shop = Shop::open().await;
    let now = many_campaigns(&shop).await;
    let first = shop.store.open_campaigns(1, None, time(now)).await.unwrap();
    let later = after(now, 3_600 + 1);
    let rest = shop.store.open_campaigns(10, first.next, time(later)).await.unwrap();
    // By now one more has begun.
    assert_eq!(names(&rest.data)[..], ["future 1", "second", "third", "future 2", "fourth", "fifth"]);
}

#[tokio::test]
async fn campaigns_are_listed_by_state_and_closed_ones_latest_first() {
    let shop = Shop::open().await;
    let now = many_campaigns(&shop).await;
    for (state, expected) in [
        (CampaignState::Upcoming, &["future 1", "future 2", "future 3", "future 4", "future 5"][..]),
        (CampaignState::Open, &["first", "second", "third", "fourth", "fifth"]),
        (CampaignState::Closed, &["ends now", "over"]),
    ] {
        for limit in 1..=6 {
            let pages = pages(|after| shop.store.campaigns(state, limit, after, time(now))).await.concat();
            assert!(pages.iter().all(|report| report.state == state && report.issued == 0 && report.remaining == 10));
            let names: Vec<_> = pages.iter().map(|report| report.campaign.name.as_str()).collect();
            assert_eq!(names, expected, "{state:?}, pages of {limit}");
        }
    }
}

#[tokio::test]
async fn a_page_of_closed_campaigns_is_read_by_a_clock_that_runs_behind() {
    let shop = Shop::open().await;
    let now = many_campaigns(&shop).await;
    let first = shop.store.campaigns(CampaignState::Closed, 1, None, time(now)).await.unwrap();
    // An hour and a second ago, the campaign of the cursor was open.
    let earlier = time(after(now, -3_601));
    let rest = shop.store.campaigns(CampaignState::Closed, 10, first.next, earlier).await.unwrap();
    assert_eq!(rest.data.len(), 0);
}

#[tokio::test]
async fn issued_coupons_are_counted_over_all_shards_and_after_the_end() {
    let shop = Shop::open().await;
    let coupon = shop.split_campaign(20, fixed(3_000), 4).await;
    for number in 0..7 {
        shop.customer(&format!("customer-{number}")).issue(coupon).done().await;
    }
    let counted = async |state: CampaignState| {
        let page = shop.another_environment().store.campaigns(state, 10, None, time(shop.now())).await.unwrap();
        page.data.iter().map(|report| (report.campaign.total, report.issued, report.remaining)).collect::<Vec<_>>()
    };
    assert_eq!(counted(CampaignState::Open).await, [(20, 7, 13)]);
    shop.reshard_coupon(coupon, 1).done().await;
    assert_eq!(counted(CampaignState::Open).await, [(20, 7, 13)]);
    shop.end_campaign(coupon).done().await;
    assert_eq!(counted(CampaignState::Closed).await, [(20, 7, 13)]);
    assert_eq!(counted(CampaignState::Open).await, []);
}

#[tokio::test]
async fn coupons_are_listed_by_what_can_be_done_with_them() {
    let shop = Shop::open().await;
    let tea = shop.product(5_000, 100).await;
    let alice = shop.customer("alice").with_balance(100_000).await;
    let (mut good, mut spent, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..9 {
        // Every third is good for a day only, every third is used.
        let valid_days = if round % 3 == 0 { 1 } else { 30 };
        let coupon = shop.campaign_of(CampaignDraft { valid_days, ..welcome() }).await;
        alice.issue(coupon).done().await;
        match round % 3 {
            0 => stale.push(coupon),
            1 => good.push(coupon),
            _ => {
                alice.order([(tea, 1)]).with(coupon).done().await;
                spent.push(coupon);
            }
        }
    }
    let all = alice.coupons().await;
    assert_eq!(all.len(), 9);
    let later = after(shop.now(), 3 * 86_400);
    let (store, user) = (&shop.store, &alice.user);
    for (status, mut expected) in
        [(CouponStatus::Usable, good), (CouponStatus::Used, spent), (CouponStatus::Expired, stale)]
    {
        expected.sort();
        for limit in 1..=4 {
            let pages = pages(|after| store.coupons_of(user, Some(status), limit, after, time(later))).await;
            assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "{status:?} in pages of {limit}");
            let ids: Vec<_> = pages.concat().iter().map(|coupon| coupon.coupon_id).collect();
            assert_eq!(ids, expected, "{status:?} in pages of {limit}");
        }
    }
    for limit in 1..=10 {
        let pages = pages(|after| store.coupons_of(user, None, limit, after, time(later))).await;
        assert_eq!(pages.concat(), all, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_used_coupon_names_its_order() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(5_000, 1).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(2_000).await.with_coupon(coupon).await;
    let order = alice.order([(tea, 1)]).with(coupon).done().await;
    let used = alice.coupons().await[0].used.clone().unwrap();
    assert_eq!((used.order_id, used.used_at), (order.order_id, order.paid_at));
}

/// How many coupons of the one campaign were used, and until when that is counted.
async fn uses(shop: &Shop) -> (u32, Option<String>) {
    let page =
        shop.another_environment().store.campaigns(CampaignState::Open, 10, None, time(shop.now())).await.unwrap();
    let [report] = &page.data[..] else { panic!("{page:?}") };
    (report.used, report.used_until.map(|until| until.to_string()))
}

#[tokio::test]
async fn used_coupons_are_those_of_orders_that_daily_runs_counted() {
    let shop = Shop::open_at(at("2026-11-21T03:00:00Z")).await;
    let (tea, coupon) = (shop.product(5_000, 9).await, shop.campaign(9, fixed(3_000)).await);
    let mut orders = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let customer = shop.customer(name).with_balance(2_000).await.with_coupon(coupon).await;
        orders.push((customer.order([(tea, 1)]).with(coupon).done().await, customer));
    }
    orders[0].1.cancel(&orders[0].0).done().await;
    assert_eq!(uses(&shop).await, (0, None));
    let scheduled = at("2026-11-21T15:10:00Z");
    let run = async |now| {
        let events = order_events(&shop.snapshot().await);
        record_on(&shop, after(now, -600), &events).await;
        shop.store.aggregate(now, now).await.unwrap();
        uses(&shop).await
    };
    assert_eq!(run(scheduled).await, (2, Some("2026-11-21T15:00:00.000Z".to_owned())));
    // Later than the three days that a run counts by itself.
    orders[1].1.cancel(&orders[1].0).at(at("2026-11-26T03:00:00Z")).done().await;
    let counted = run(after(scheduled, 5 * 86_400)).await;
    assert_eq!(counted, (1, Some("2026-11-26T15:00:00.000Z".to_owned())));

    // A run that began earlier has not seen this fact, and ends later.
    let snapshot = shop.snapshot().await;
    let unseen = snapshot.items("sales").find(|item| item["pk"].as_s().unwrap().starts_with("FACT#")).unwrap();
    let deletion = shop.database.client.delete_item().table_name(shop.database.name_of("sales"));
    deletion.key("pk", unseen["pk"].clone()).key("sk", unseen["sk"].clone()).send().await.unwrap();
    shop.store.aggregate(scheduled, scheduled).await.unwrap();
    assert_eq!(uses(&shop).await, counted);
    // The run of tomorrow, now: what is sold from now on is not counted.
    let now = after(scheduled, 6 * 86_400 - 3_600);
    shop.store.aggregate(after(scheduled, 6 * 86_400), now).await.unwrap();
    assert_eq!(uses(&shop).await.1, Some(now.to_string()));
}

#[tokio::test]
async fn coupons_of_another_customer_are_not_visible() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(2, fixed(3_000)).await;
    shop.customer("alice").issue(coupon).done().await;
    assert_eq!(shop.customer("bob").coupons().await, []);
}

#[tokio::test]
async fn ended_campaign_issues_no_more_coupons_and_held_ones_stay_good() {
    for shards in [1, 4] {
        let shop = Shop::open().await;
        let (tea, coupon) = (shop.product(1_000, 9).await, shop.split_campaign(9, fixed(500), shards).await);
        let alice = shop.customer("alice").with_balance(1_000).await.with_coupon(coupon).await;
        let end = shop.another_environment().end_campaign(coupon);
        let answer = end.clone().done().await;
        assert_eq!(end.again().replayed().await, answer);
        // This environment has cached the campaign as open, another one reads it.
        for shop in [shop.clone(), shop.another_environment()] {
            let rejection = shop.customer("bob").issue(coupon).rejected().await;
            assert!(matches!(rejection, Rejection::CouponClosed { .. }), "{rejection}");
        }
        assert_eq!(shop.store.open_campaigns(1, None, time(shop.now())).await.unwrap().data, []);
        assert!(matches!(shop.end_campaign(coupon).rejected().await, Rejection::CouponClosed { .. }));
        alice.order([(tea, 1)]).with(coupon).done().await;
        shop.check().await;
    }
}

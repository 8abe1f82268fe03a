//! Sales that are small enough for every test run, and what would have to be found in them if it were there.

use std::time::Duration;

use sijang_domain::ShardCount;

use super::{
    assumptions::Cloud,
    dynamo::Mutation,
    report::Row,
    sale::{Outcome, Plan},
    shop::Kind,
};

fn shards(count: i64) -> ShardCount {
    ShardCount::new(count).unwrap()
}

/// Many buyers at once, few environments, few units: as many conflicts as possible.
fn plan(kind: Kind, count: i64, seed: u64) -> Plan {
    Plan {
        kind,
        buyers: 150,
        units: 40,
        shards: shards(count),
        lateness: Duration::from_millis(50),
        reshard: None,
        delivery: None,
        cloud: Cloud { environments: 30, ..Cloud::default() },
        seed,
        mutation: Mutation::None,
        loud: false,
    }
}

fn assert_sound(plan: &Plan) -> Outcome {
    let outcome = plan.hold();
    assert_eq!(outcome.violations, Vec::<String>::new(), "{plan:?}");
    assert_eq!((outcome.false_rejections, outcome.gave_up), (0, 0), "{plan:?}");
    assert_eq!(outcome.sold, usize::try_from(plan.units).unwrap(), "{plan:?}");
    assert!(outcome.usage.conflicts > 0, "nobody was in anybody's way: {plan:?}");
    outcome
}

#[test]
fn every_unit_is_sold_once_and_nobody_is_rejected_wrongly() {
    for (count, seed) in [(1, 1), (8, 2)] {
        assert_sound(&plan(Kind::Orders, count, seed));
    }
}

#[test]
fn every_coupon_is_issued_once_and_nobody_is_rejected_wrongly() {
    for (count, seed) in [(1, 3), (8, 4)] {
        assert_sound(&plan(Kind::Coupons, count, seed));
    }
}

/// The route lets few through, so most customers are still waiting when nothing is left.
#[test]
fn edge_tells_late_customers_and_nobody_who_may_have_bought() {
    for kind in [Kind::Orders, Kind::Coupons] {
        let cloud = Cloud { route_rate: 40.0, route_burst: 20.0, ..Cloud::default() };
        let without = Plan { cloud, ..plan(kind, 4, 13) };
        let cloud = Cloud { edge_locations: 3, ..without.cloud.clone() };
        let [without, with] = [assert_sound(&without), assert_sound(&Plan { cloud, ..without.clone() })];
        let (requests, misses) = with.edge_requests;
        assert!(with.told_at_the_edge > 50, "{with:?}");
        assert!(misses > 0 && misses * 20 < requests, "{misses} of {requests} requests for a view got to the shop");
        assert!(with.turned_away < without.turned_away && with.wait(50) < without.wait(50), "{with:?}\n{without:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_sale_and_another_is_another() {
    let [one, same, other] = [5, 5, 6].map(|seed| {
        let plan = plan(Kind::Coupons, 4, seed);
        let plan = Plan { cloud: Cloud { edge_locations: 2, ..plan.cloud }, ..plan };
        let (mut row, outcome) = (Row::new(plan.kind, plan.shards, 0), plan.hold());
        row.add(&outcome);
        (outcome.waits, row.line())
    });
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn goods_are_split_while_they_are_sold() {
    for kind in [Kind::Orders, Kind::Coupons] {
        let reshard = Some((Duration::from_millis(300), shards(4)));
        let outcome = assert_sound(&Plan { reshard, ..plan(kind, 1, 7) });
        assert!(outcome.resharded_in.is_some(), "it was not done: {outcome:?}");
    }
}

/// Who comes in the half second after a delivery may be rejected by what was true before it; nobody is later.
#[test]
fn delivered_units_are_sold_half_a_second_after_sold_out() {
    for count in [1, 8] {
        let late = Plan { buyers: 600, lateness: Duration::from_millis(800), ..plan(Kind::Orders, count, 12) };
        let outcome = Plan { delivery: Some((Duration::from_millis(1_500), 40)), ..late }.hold();
        assert_eq!((outcome.violations.len(), outcome.false_rejections, outcome.gave_up), (0, 0, 0), "{outcome:?}");
        assert_eq!((outcome.sold, outcome.usage.left), (80, 0), "{outcome:?}");
        assert!(outcome.from_cache > 0, "no rejection came from the cache: {outcome:?}");
    }
}

#[test]
fn partitions_that_are_short_throttle_and_nothing_is_lost() {
    let cloud = Cloud { partition_writes: 60.0, partition_reads: 60.0, warm_writes: 2_000, ..Cloud::default() };
    let outcome = assert_sound(&Plan { cloud, ..plan(Kind::Orders, 4, 8) });
    assert!(outcome.usage.throttled > 0, "{outcome:?}");
}

#[test]
fn a_gateway_that_lets_few_through_makes_a_slow_sale_and_no_other() {
    let cloud = Cloud { route_rate: 20.0, route_burst: 20.0, ..Cloud::default() };
    let outcome = assert_sound(&Plan { cloud, ..plan(Kind::Coupons, 1, 9) });
    assert!(outcome.turned_away > 0 && outcome.sold_out_after > Some(Duration::from_secs(1)), "{outcome:?}");
}

/// Each mutation of the engine must be found by the assertions.
#[test]
fn a_defect_is_found() {
    for (kind, count, mutation) in [
        (Kind::Orders, 1, Mutation::NoConflicts),
        (Kind::Coupons, 1, Mutation::NoConflicts),
        (Kind::Orders, 1, Mutation::HalfCommits),
        (Kind::Coupons, 1, Mutation::HalfCommits),
    ] {
        let outcome = Plan { mutation, ..plan(kind, count, 10) }.hold();
        assert_ne!(outcome.violations, Vec::<String>::new(), "{mutation:?} of {kind} was not found");
    }
    let outcome = Plan { mutation: Mutation::HidesShards, ..plan(Kind::Orders, 8, 11) }.hold();
    assert!(outcome.false_rejections > 0, "a false rejection was not found");
}

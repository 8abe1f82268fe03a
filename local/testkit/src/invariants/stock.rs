//! Units of products, coupons of campaigns, and the shards that hold both.

use std::collections::BTreeMap;

use super::{
    Violations,
    rows::{Campaign, Rows, StockItem},
    sorted,
};

/// A shard of a product's stock, or of a campaign's counter.
struct Shard {
    number: i64,
    left: i64,
    /// The attributes that all shards in use must have alike.
    common: (i64, i64, Option<(i64, bool)>),
}

impl Shard {
    fn of(sk: &str, left: i64, common: (i64, i64, Option<(i64, bool)>)) -> Self {
        let number = sk.rsplit('#').next().unwrap_or_default().parse().unwrap_or(-1);
        Self { number, left, common }
    }
}

impl Rows {
    pub(super) fn stocked_units_are_on_hand_or_sold(&self, violations: &mut Violations) {
        let mut stocked: BTreeMap<String, i64> = BTreeMap::new();
        let amounts = |kind, figure: &'static str| self.answers(kind).map(move |answer| (answer.clone(), figure));
        for (answer, figure) in amounts("product.created.v1", "stock").chain(amounts("stock.adjusted.v1", "delta")) {
            let product = answer["product_id"].as_str().unwrap_or_default().to_owned();
            *stocked.entry(product).or_default() += answer[figure].as_i64().unwrap_or_default();
        }
        let mut accounted: BTreeMap<String, i64> = BTreeMap::new();
        for StockItem { product_id, stock, .. } in &self.stocks {
            violations.require(*stock >= 0, || format!("{product_id} has {stock} units"));
            *accounted.entry(product_id.clone()).or_default() += stock;
        }
        let live = self.orders.iter().filter(|row| row.order.is_live());
        for line in live.flat_map(|row| &row.order.lines) {
            *accounted.entry(line.p.clone()).or_default() += line.q;
        }
        violations.equal("units stocked, and on hand or sold", stocked, accounted);
    }

    pub(super) fn issued_coupons_are_held(&self, violations: &mut Violations) {
        let mut held: BTreeMap<&str, i64> = BTreeMap::new();
        for coupon in &self.coupons {
            *held.entry(&coupon.coupon_id).or_default() += 1;
        }
        for Campaign { coupon_id, total } in &self.campaigns {
            let held = held.remove(coupon_id.as_str()).unwrap_or_default();
            let counters = || self.counters.iter().filter(|counter| counter.coupon_id == *coupon_id);
            violations.equal(&format!("{coupon_id}, issued and held"), counters().map(|c| c.issued).sum(), held);
            violations.equal(&format!("{coupon_id}, quota and total"), counters().map(|c| c.quota).sum(), *total);
            violations.require(held <= *total, || format!("{held} hold one of {total} coupons {coupon_id}"));
        }
        for coupon in held.keys() {
            violations.require(false, || format!("users hold a coupon {coupon} of no campaign"));
        }
    }

    /// The shards in use are numbered without a gap and have the same price and generation; others have nothing left.
    pub(super) fn shards_agree(&self, violations: &mut Violations) {
        let mut all: BTreeMap<&str, Vec<Shard>> = BTreeMap::new();
        for row in &self.stocks {
            let common = (row.shards, row.generation, Some((row.price, row.active)));
            all.entry(&row.product_id).or_default().push(Shard::of(&row.sk, row.stock, common));
        }
        for row in &self.counters {
            let shard = Shard::of(&row.sk, row.quota - row.issued, (row.shards, row.generation, None));
            all.entry(&row.coupon_id).or_default().push(shard);
        }
        for (id, mut shards) in all {
            shards.sort_by_key(|shard| shard.number);
            let common = shards[0].common;
            let (used, unused): (Vec<_>, Vec<_>) = shards.into_iter().partition(|shard| shard.number < common.0);
            let numbers: Vec<i64> = used.iter().map(|shard| shard.number).collect();
            violations.equal(&format!("the shards of {id}"), numbers, (0..common.0).collect());
            for Shard { number, left, common: own } in used {
                violations.equal(&format!("shard {number} of {id} and the first"), own, common);
                violations.require(left >= 0, || format!("shard {number} of {id} has {left} left"));
            }
            for Shard { number, left, .. } in unused {
                violations.require(left == 0, || format!("shard {number} of {id} is not in use and has {left} left"));
            }
        }
    }

    pub(super) fn used_coupons_match_orders(&self, violations: &mut Violations) {
        let used = self.coupons.iter().filter_map(|coupon| {
            Some((coupon.user_id.clone(), coupon.coupon_id.clone(), coupon.order_id.clone()?, coupon.used_at))
        });
        let live = self.orders.iter().filter(|row| row.order.is_live());
        let spent = live.filter_map(|row| {
            Some((row.user_id.clone(), row.order.coupon.clone()?, row.order_id.clone(), Some(row.order.at)))
        });
        violations.equal("used coupons and the orders that used them", sorted(used), sorted(spent));
    }
}

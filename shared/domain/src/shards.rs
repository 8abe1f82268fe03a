//! Shards: a number that many requests decrease at once (units in stock, coupons left), split over several items.
//!
//! A partition takes 1,000 write units a second, which is 500 writes in transactions, and fewer where they conflict. So
//! there are K items in K partitions. A request takes units from a random shard. The difficult part is a rejection: each
//! shard shows only its own units, and units can move while a request reads. A rejection is certain under these rules:
//!
//! 1. **Units are added only to the first shard, or together with a new generation.** A cancelled order gives its units
//!    back to the first shard. Resharding, and a delivery that is spread over the shards, raise the generation number of
//!    one shard after the other: of those that give units, then of the first, then of those that receive units.
//! 2. Within one generation, the units of any other shard can only decrease. A snapshot of it is therefore an **upper
//!    bound** until the generation changes.
//! 3. **A request is rejected when the bounds of all other shards, read first, and the first shard, read after them,
//!    belong to one generation and their sum is below the request.** When the first shard was read there were no more
//!    units than that sum. With one shard, its own failed condition is enough.
//! 4. Nothing else rejects a request: not one shard with too few units, and not a conflict. Cached bounds only choose
//!    which shard to try.
//! 5. **A sum of zero, found by rule 3, is cached for half a second** ([`crate::SoldOut`]). Other requests are then
//!    rejected without a read. Such a rejection was true at most half a second earlier, and units that are returned,
//!    delivered or moved are sold at most half a second later.
//!
//! Coupons are never given back, so the first counter is a bound like the others, and zero coupons left in one
//! generation means zero for ever.

use serde::{Deserialize, Serialize};

use crate::Violation;

/// Into how many shards something is split: 1 to 96, so that the units of all of them can be gathered by one
/// transaction, which changes a hundred items at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct ShardCount(u8);

impl ShardCount {
    /// The most shards.
    pub const MAX: u8 = 96;
    /// Not split.
    pub const ONE: Self = Self(1);
    /// All that there can be.
    pub const ALL: Self = Self(Self::MAX);

    /// So many shards; a violation outside 1 to 96.
    pub fn new(count: i64) -> Result<Self, Violation> {
        let out = Violation::OutOfRange { min: 1, max: Self::MAX.into() };
        u8::try_from(count).ok().filter(|count| (1..=Self::MAX).contains(count)).map(Self).ok_or(out)
    }

    /// How many.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The share of each shard of so many units: as good as the same.
    pub fn shares(self, units: u32) -> impl Iterator<Item = u32> {
        let count = u32::from(self.0);
        (0..count).map(move |shard| units / count + u32::from(shard < units % count))
    }
}

impl Default for ShardCount {
    fn default() -> Self {
        Self::ONE
    }
}

impl TryFrom<i64> for ShardCount {
    type Error = &'static str;

    fn try_from(count: i64) -> Result<Self, Self::Error> {
        Self::new(count).map_err(|_| "not a number of shards")
    }
}

/// The units of one shard when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardSnapshot {
    /// Which, counted from 0.
    pub shard: u8,
    /// Units that can be taken from it.
    pub left: u32,
    /// The generation it belongs to.
    pub generation: u32,
    /// How many shards there are in this generation.
    pub count: ShardCount,
}

/// Units to be taken from one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// Which, counted from 0.
    pub shard: u8,
    /// How many.
    pub units: u32,
}

/// The known upper bound of each shard in one generation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shards {
    generation: u32,
    /// Nothing, where a shard has not been seen. Of the first shard this is what it had, and no bound.
    left: Vec<Option<u32>>,
}

impl Default for Shards {
    /// The assumption before the first read: not split.
    fn default() -> Self {
        Self { generation: 0, left: vec![None] }
    }
}

impl Shards {
    /// How many there are.
    pub fn count(&self) -> ShardCount {
        ShardCount(u8::try_from(self.left.len()).unwrap_or(ShardCount::MAX))
    }

    /// The generation that this is known of.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Learns from a shard, and from nothing else: what was taken since is not subtracted, because another may have
    /// seen the shard after that already. One of a newer generation makes everything known before worthless; one of an
    /// older, or one that is no longer in use, says nothing.
    pub fn observe(&mut self, seen: ShardSnapshot) {
        if seen.generation < self.generation {
            return;
        }
        if seen.generation > self.generation || seen.count != self.count() {
            *self = Self { generation: seen.generation, left: vec![None; seen.count.get().into()] };
        }
        if let Some(left) = self.left.get_mut(usize::from(seen.shard)) {
            // Readings may come in another order than they were made in: a bound never rises.
            *left = Some(if seen.shard == 0 { seen.left } else { left.map_or(seen.left, |left| left.min(seen.left)) });
        }
    }

    /// Where to take so many units from: a shard that may have as many, chosen at `random`; or else several, the
    /// fullest first. Nothing when they are known not to have enough, which is no rejection yet.
    pub fn allocate(&self, units: u32, random: u128) -> Option<Vec<Allocation>> {
        let shards = || (0..).zip(&self.left);
        let enough: Vec<u8> =
            shards().filter(|(_, left)| left.is_none_or(|left| left >= units)).map(|(shard, _)| shard).collect();
        if !enough.is_empty() {
            let chosen = usize::try_from(random % enough.len() as u128).unwrap_or_default();
            return Some(vec![Allocation { shard: enough[chosen], units }]);
        }
        let mut fullest: Vec<(u8, u32)> = shards().filter_map(|(shard, left)| Some((shard, (*left)?))).collect();
        fullest.sort_by_key(|(shard, left)| (std::cmp::Reverse(*left), *shard));
        let mut missing = units;
        let mut allocations = Vec::new();
        for (shard, left) in fullest {
            let taken = left.min(missing);
            if taken > 0 {
                allocations.push(Allocation { shard, units: taken });
                missing -= taken;
            }
        }
        (missing == 0).then_some(allocations)
    }

    /// The most units that all shards can have, if each has been seen. Where nothing comes back, nothing left is final.
    pub fn most(&self) -> Option<u32> {
        self.left.iter().try_fold(0, |sum: u32, left| Some(sum.saturating_add((*left)?)))
    }

    /// The most units that all shards but the first can have, if each has been seen.
    pub fn most_beside_the_first(&self) -> Option<u32> {
        self.left[1..].iter().try_fold(0, |sum: u32, left| Some(sum.saturating_add((*left)?)))
    }

    /// The count that a rejection may rest on (the third part of the rule): the bounds in here, and the first shard,
    /// which was read after they were learned. Nothing when a shard is missing or of another generation. The only shard
    /// is all there is.
    pub fn count_with(&self, first: ShardSnapshot) -> Option<u32> {
        if first.count == ShardCount::ONE {
            return Some(first.left);
        }
        let one_generation = first.shard == 0 && first.generation == self.generation && first.count == self.count();
        let beside = self.most_beside_the_first().filter(|_| one_generation)?;
        Some(beside.saturating_add(first.left))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(count: i64) -> ShardCount {
        ShardCount::new(count).unwrap()
    }

    fn seen(generation: u32, shard: u8, left: u32, of: i64) -> ShardSnapshot {
        ShardSnapshot { shard, left, generation, count: count(of) }
    }

    /// Shards that were all seen to have this.
    fn known(lefts: &[u32]) -> Shards {
        let mut shards = Shards::default();
        for (shard, left) in (0..).zip(lefts) {
            shards.observe(seen(1, shard, *left, i64::try_from(lefts.len()).unwrap()));
        }
        shards
    }

    #[test]
    fn there_are_1_to_96_shards() {
        for (number, good) in [(0, false), (1, true), (96, true), (97, false), (-1, false), (257, false)] {
            assert_eq!(ShardCount::new(number).is_ok(), good, "{number}");
            let stored = ShardCount::try_from(number).map(|count| i64::from(count.get()));
            assert_eq!(stored.ok(), good.then_some(number), "{number}");
        }
    }

    #[test]
    fn unknown_product_is_assumed_unsplit_and_in_stock() {
        let shards = Shards::default();
        assert_eq!(shards.allocate(99, 7), Some(vec![Allocation { shard: 0, units: 99 }]));
        assert_eq!((shards.count(), shards.most()), (ShardCount::ONE, None));
        assert_eq!((shards.generation(), known(&[1, 1]).generation()), (0, 1));
    }

    #[test]
    fn a_shard_that_has_enough_is_chosen_before_several_are() {
        let shards = known(&[1, 5, 0, 5]);
        let chosen: Vec<_> = (0..4).map(|random| shards.allocate(4, random).unwrap()).collect();
        let alone = |shard| vec![Allocation { shard, units: 4 }];
        assert_eq!(chosen, [alone(1), alone(3), alone(1), alone(3)]);
        let several = vec![
            Allocation { shard: 1, units: 5 },
            Allocation { shard: 3, units: 5 },
            Allocation { shard: 0, units: 1 },
        ];
        assert_eq!(shards.allocate(11, 0), Some(several));
        assert_eq!(shards.allocate(12, 0), None);
    }

    #[test]
    fn new_generation_replaces_cached_shards_and_an_old_one_is_ignored() {
        let mut shards = known(&[0, 0]);
        shards.observe(seen(2, 0, 0, 2));
        assert_eq!(shards.most(), None);
        shards.observe(seen(1, 1, 0, 2));
        assert_eq!(shards.most(), None, "the second shard was seen in a generation that is over");
        shards.observe(seen(2, 1, 3, 2));
        assert_eq!(shards.most(), Some(3));
    }

    #[test]
    fn a_bound_never_rises_but_the_first_shard_may() {
        let mut shards = known(&[1, 1]);
        shards.observe(seen(1, 1, 4, 2));
        shards.observe(seen(1, 0, 4, 2));
        assert_eq!((shards.most_beside_the_first(), shards.most()), (Some(1), Some(5)));
    }

    #[test]
    fn a_shard_that_is_no_longer_in_use_says_nothing_of_the_others() {
        let mut shards = Shards::default();
        shards.observe(seen(3, 5, 0, 2));
        assert_eq!((shards.count(), shards.most()), (count(2), None));
        assert!(shards.allocate(1, 0).is_some());
    }

    #[test]
    fn a_count_needs_every_shard_in_the_generation_of_the_first() {
        let shards = known(&[9, 2, 3]);
        assert_eq!(shards.count_with(seen(1, 0, 4, 3)), Some(9));
        assert_eq!(shards.count_with(seen(2, 0, 4, 3)), None, "another generation");
        assert_eq!(shards.count_with(seen(1, 1, 4, 3)), None, "not the first");
        let mut partly = Shards::default();
        partly.observe(seen(1, 1, 0, 3));
        assert_eq!(partly.count_with(seen(1, 0, 0, 3)), None, "a shard was never seen");
        assert_eq!(Shards::default().count_with(seen(0, 0, 4, 1)), Some(4), "one shard is the whole stock");
    }

    proptest! {
        #[test]
        fn shares_add_up_and_differ_by_one_at_most(units in 0..=2_000_000_000_u32, number in 1..=96_i64) {
            let shares: Vec<u32> = count(number).shares(units).collect();
            prop_assert_eq!(shares.len(), usize::try_from(number).unwrap());
            prop_assert_eq!(shares.iter().sum::<u32>(), units);
            prop_assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }

        #[test]
        fn a_draw_is_exact_and_takes_from_no_shard_more_than_it_has(
            lefts in prop::collection::vec(0..40_u32, 1..=96),
            units in 1..=99_u32,
            random: u128,
        ) {
            let shards = known(&lefts);
            match shards.allocate(units, random) {
                Some(allocations) => {
                    prop_assert_eq!(allocations.iter().map(|allocation| allocation.units).sum::<u32>(), units);
                    prop_assert!(allocations.iter().all(|allocation| (1..=lefts[usize::from(allocation.shard)]).contains(&allocation.units)));
                    let mut from: Vec<_> = allocations.iter().map(|allocation| allocation.shard).collect();
                    from.sort_unstable();
                    from.dedup();
                    prop_assert_eq!(from.len(), allocations.len());
                }
                None => prop_assert!(lefts.iter().sum::<u32>() < units),
            }
        }
    }
}

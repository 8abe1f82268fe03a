//! A customer who wants one: she presses the button, and presses it again until she has a definite answer.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sijang_domain::{
    Cart, Command, Error, Fingerprint, IdempotencyKey, Quantity, Rejection, RequestTime, SoldOut, UserId,
};
use sijang_storage::Store;
use tokio::time::{Instant, sleep};

use super::{
    assumptions::Cloud,
    chance::Chance,
    dynamo::Engine,
    edge::Edge,
    gateway::{Gateway, TurnedAway},
    shop::{Goods, PRICE},
};

/// How often the storefront tries by itself, and what it waits for at first and at most
/// (`local/portal/web/app/api.js`).
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// What a busy function asks for (`Retry-After`).
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// When she presses again after the storefront has given up, and for how long she does.
const PRESS_AGAIN: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_mins(1);
/// The most time that a request is tried (`shared/edge/src/request.rs`).
const DEADLINE: Duration = Duration::from_secs(8);

/// What became of her wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseResult {
    Got,
    SoldOut,
    /// Sold out, she was told, which was true right before she came and no longer then.
    RejectedFromCache,
    /// Rejected as sold out, though there was a unit all the time, also while an earlier count may be cached.
    RejectedFalsely,
    GaveUp,
}

/// The result of a customer's visit.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    pub result: PurchaseResult,
    /// When a request of hers first got to the function.
    pub admitted: Option<Instant>,
    /// Whether an edge location told her that nothing is left.
    pub told_at_the_edge: bool,
}

/// What everybody shares.
pub struct Sale {
    pub cloud: Cloud,
    pub engine: Engine,
    pub gateway: Gateway,
    pub edge: Option<Edge>,
    pub goods: Goods,
    pub chance: Mutex<Chance>,
}

impl Sale {
    fn time(&self, time: impl FnOnce(&mut Chance) -> Duration) -> Duration {
        time(&mut self.chance.lock().unwrap())
    }

    /// About so long, and never the same for everybody.
    fn about(&self, time: Duration) -> Duration {
        self.time(|chance| time.mul_f64(0.75 + chance.fraction() / 2.0))
    }

    /// Her wish, until it is answered or she has had enough of it. She looks at the edge before the first request, and
    /// before each that follows a 429: after any other failure a request may have been done, and is repeated.
    pub async fn serve(self: Arc<Self>, number: usize) -> Visit {
        let (began, mut admitted, mut may_be_done) = (Instant::now(), None, false);
        loop {
            for tried in 1..=TRIES {
                if !may_be_done && let Some(result) = self.look(number).await {
                    return Visit { result, admitted, told_at_the_edge: true };
                }
                sleep(self.time(|chance| chance.time(self.cloud.client))).await;
                self.edge.iter().for_each(Edge::forwards);
                let request = async |store: &Store| {
                    admitted.get_or_insert(Instant::now());
                    self.ask(store, number).await
                };
                let answer = self.gateway.request(request).await;
                sleep(self.time(|chance| chance.time(self.cloud.client))).await;
                let asked_for = match answer {
                    Ok(Some(result)) => return Visit { result, admitted, told_at_the_edge: false },
                    Ok(None) => RETRY_AFTER,
                    Err(_) => Duration::ZERO,
                };
                may_be_done |= answer != Err(TurnedAway::Throttled);
                if tried < TRIES {
                    let pause = asked_for.max(PAUSE * 2_u32.pow(tried)).min(LONGEST_PAUSE);
                    sleep(self.about(pause)).await;
                }
            }
            if began.elapsed() > PATIENCE {
                return Visit { result: PurchaseResult::GaveUp, admitted, told_at_the_edge: false };
            }
            sleep(self.about(PRESS_AGAIN)).await;
        }
    }

    /// A look at the edge: how she is rejected, if nothing is left by what it shows.
    async fn look(&self, number: usize) -> Option<PurchaseResult> {
        let edge = self.edge.as_ref()?;
        let looked = Instant::now();
        sleep(self.time(|chance| chance.time(self.cloud.client))).await;
        let view = edge.look(number).await;
        sleep(self.time(|chance| chance.time(self.cloud.client))).await;
        let view = view.filter(|view| view.is_sold_out)?;
        Some(self.sold_out(looked, view.since))
    }

    /// "Sold out", told to a customer who came then, because it was so at some time since a cached count.
    fn sold_out(&self, came: Instant, counted: Instant) -> PurchaseResult {
        match [came, counted].map(|then| self.engine.usage(|usage| usage.was_short_since(then))) {
            [true, _] => PurchaseResult::SoldOut,
            [false, true] => PurchaseResult::RejectedFromCache,
            [false, false] => PurchaseResult::RejectedFalsely,
        }
    }

    /// One request at the function: what the store says, if it is definite.
    async fn ask(&self, store: &Store, number: usize) -> Option<PurchaseResult> {
        let came = Instant::now();
        let time = RequestTime { now: self.engine.time(), deadline: (came + DEADLINE).into_std() };
        let user = customer(number);
        let key = IdempotencyKey::parse(&format!("key-{number}")).unwrap();
        // The state of a request is large, and there are many who only wait.
        let answer = match self.goods {
            Goods::Product(product) => {
                let quote = Some(sijang_domain::Money::new(PRICE).unwrap());
                let cart = Cart::new(vec![(product, Quantity::new(1).unwrap().units().into(), quote)]).unwrap();
                let command = Command {
                    user,
                    operation: "place-order",
                    key,
                    fingerprint: Fingerprint::of(&number),
                    time,
                    request_id: format!("request-{number}"),
                    trace: None,
                    reason: None,
                };
                Box::pin(store.place_order(&command, &cart, None)).await.map(drop)
            }
            Goods::Campaign(coupon) => Box::pin(store.issue_coupon(&user, coupon, Some(&key), time)).await.map(drop),
        };
        match answer {
            Ok(()) => Some(PurchaseResult::Got),
            Err(Error::Rejected(Rejection::InsufficientStock { .. } | Rejection::CouponSoldOut)) => {
                let counted = came.checked_sub(SoldOut::CACHED_FOR).unwrap_or(came);
                Some(self.sold_out(came, counted))
            }
            Err(Error::Busy(_)) => None,
            Err(other) => panic!("customer {number} was told: {other}"),
        }
    }
}

/// The customers' names are as long as those of an identity provider.
pub fn customer(number: usize) -> UserId {
    UserId::parse(&format!("00000000-0000-4000-8000-{number:012}")).unwrap()
}

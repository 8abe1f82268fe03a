//! The commands of the store, each with what its function makes of a request.

use std::fmt::Debug;

use sijang_domain::{
    BalanceAdjustment, CampaignDraft, Cart, Command, CouponId, Deposit, Error, Fingerprint, Idempotent, IssuedCoupon,
    Money, Name, Order, OrderId, ProductDraft, ProductId, ProductPatch, ResponseBody, ShardCount, UserId,
};
use sijang_storage::Store;

use super::values::{cancellation_period, limits, name};

/// A command of the store, as its function sends it.
pub trait ShopCommand: Clone + Send + 'static {
    /// The type of the answer.
    type Value: Debug + Send;
    /// The name of the operation and of its function.
    const OPERATION: &'static str;

    /// The fingerprint of the request.
    fn fingerprint(&self) -> Fingerprint;

    /// The reason that staff give.
    fn reason(&self) -> Option<Name> {
        None
    }

    /// Sends it to the store.
    ///
    /// # Errors
    /// The errors of the operation.
    fn send(
        self,
        store: &Store,
        command: &Command,
    ) -> impl Future<Output = Result<Idempotent<Self::Value>, Error>> + Send;
}

impl ShopCommand for Deposit {
    type Value = ResponseBody;
    const OPERATION: &'static str = "deposit-balance";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.deposit(command, self, &limits()).await
    }
}

/// Issues a coupon.
#[derive(Clone)]
pub struct Issue {
    pub(super) coupon: CouponId,
    pub(super) keyed: bool,
}

impl ShopCommand for Issue {
    type Value = IssuedCoupon;
    const OPERATION: &'static str = "issue-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&())
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<IssuedCoupon>, Error> {
        let key = self.keyed.then_some(&command.key);
        store.issue_coupon(&command.user, self.coupon, key, command.time).await
    }
}

/// Places an order.
#[derive(Clone)]
pub struct Purchase {
    pub(super) lines: Vec<(ProductId, i64, Option<Money>)>,
    pub(super) coupon: Option<CouponId>,
}

impl Purchase {
    fn cart(&self) -> Cart {
        Cart::new(self.lines.clone()).unwrap()
    }
}

impl ShopCommand for Purchase {
    type Value = Order;
    const OPERATION: &'static str = "place-order";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(&self.cart(), self.coupon))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<Order>, Error> {
        store.place_order(command, &self.cart(), self.coupon).await
    }
}

/// Cancels an order.
#[derive(Clone)]
pub struct Cancellation {
    pub(super) order: OrderId,
}

impl ShopCommand for Cancellation {
    type Value = Order;
    const OPERATION: &'static str = "cancel-order";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.order)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<Order>, Error> {
        store.cancel_order(command, self.order, cancellation_period()).await
    }
}

impl ShopCommand for ProductDraft {
    type Value = ResponseBody;
    const OPERATION: &'static str = "create-product";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.create_product(command, self).await
    }
}

/// Changes a product.
#[derive(Clone)]
pub struct Update {
    pub(super) product: ProductId,
    pub(super) patch: ProductPatch,
}

impl ShopCommand for Update {
    type Value = ResponseBody;
    const OPERATION: &'static str = "update-product";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.product, &self.patch))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.update_product(command, self.product, &self.patch).await
    }
}

/// Changes the stock of a product.
#[derive(Clone)]
pub struct Adjustment {
    pub(super) product: ProductId,
    pub(super) delta: i64,
}

impl ShopCommand for Adjustment {
    type Value = ResponseBody;
    const OPERATION: &'static str = "adjust-stock";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.product, self.delta))
    }

    fn reason(&self) -> Option<Name> {
        Some(name("inventory"))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.adjust_stock(command, self.product, self.delta).await
    }
}

/// Splits the stock of a product.
#[derive(Clone)]
pub struct StockReshard {
    pub(super) product: ProductId,
    pub(super) shards: ShardCount,
}

impl ShopCommand for StockReshard {
    type Value = ResponseBody;
    const OPERATION: &'static str = "reshard-stock";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.product, self.shards))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.reshard_stock(command, self.product, self.shards).await
    }
}

/// Splits the counter of a campaign.
#[derive(Clone)]
pub struct CouponReshard {
    pub(super) coupon: CouponId,
    pub(super) shards: ShardCount,
}

impl ShopCommand for CouponReshard {
    type Value = ResponseBody;
    const OPERATION: &'static str = "reshard-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(self.coupon, self.shards))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.reshard_coupon(command, self.coupon, self.shards).await
    }
}

/// Cancels a customer's order, for staff.
#[derive(Clone)]
pub struct StaffCancellation {
    pub(super) customer: UserId,
    pub(super) order: OrderId,
}

impl ShopCommand for StaffCancellation {
    type Value = Order;
    const OPERATION: &'static str = "cancel-customer-order";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(&self.customer, self.order))
    }

    fn reason(&self) -> Option<Name> {
        Some(name("complaint"))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<Order>, Error> {
        store.cancel_customer_order(command, &self.customer, self.order).await
    }
}

/// Corrects a customer's balance.
#[derive(Clone)]
pub struct BalanceCorrection {
    pub(super) customer: UserId,
    pub(super) adjustment: BalanceAdjustment,
}

impl ShopCommand for BalanceCorrection {
    type Value = ResponseBody;
    const OPERATION: &'static str = "adjust-balance";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&(&self.customer, self.adjustment))
    }

    fn reason(&self) -> Option<Name> {
        Some(name("correction"))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.adjust_balance(command, &self.customer, self.adjustment, limits().balance_max).await
    }
}

/// Voids the coupons of a campaign.
#[derive(Clone)]
pub struct CampaignVoid {
    pub(super) coupon: CouponId,
}

impl ShopCommand for CampaignVoid {
    type Value = ResponseBody;
    const OPERATION: &'static str = "void-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.coupon)
    }

    fn reason(&self) -> Option<Name> {
        Some(name("wrong discount"))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.void_campaign(command, self.coupon).await
    }
}

/// Ends a campaign.
#[derive(Clone)]
pub struct CampaignEnd {
    pub(super) coupon: CouponId,
}

impl ShopCommand for CampaignEnd {
    type Value = ResponseBody;
    const OPERATION: &'static str = "end-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.coupon)
    }

    fn reason(&self) -> Option<Name> {
        Some(name("wrong discount"))
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.end_campaign(command, self.coupon).await
    }
}

impl ShopCommand for CampaignDraft {
    type Value = ResponseBody;
    const OPERATION: &'static str = "create-coupon";

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    async fn send(self, store: &Store, command: &Command) -> Result<Idempotent<ResponseBody>, Error> {
        store.create_campaign(command, self).await
    }
}

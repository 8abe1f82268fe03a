//! `POST /v1/admin/coupons`: creates a coupon campaign. Its terms never change afterwards.

use serde::Deserialize;
use sijang_domain::{CampaignDraft, CouponTerms, Discount, FieldError, Fields, Money, Name, Timestamp, Violation};
use sijang_edge::{Answer, Error, MoneyBody, Object, Reply, Request, serve};
use sijang_storage::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
    discount: Object<DiscountBody>,
    minimum_order: Option<MoneyBody>,
    total: i64,
    opens_at: String,
    closes_at: String,
    valid_days: i64,
}

/// Flat, and not a tagged enum, so that a violation can be pointed at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountBody {
    r#type: DiscountType,
    amount: Option<MoneyBody>,
    percent: Option<i64>,
    max_amount: Option<MoneyBody>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DiscountType {
    Fixed,
    Percent,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    let draft = request.body::<Body>()?.parse()?;
    let command = request.command(admin, "create-coupon", &draft)?;
    let campaign = store.create_campaign(&command, draft).await?;
    Ok(Reply::rendered(201, campaign))
}

impl Body {
    fn parse(self) -> Result<CampaignDraft, Vec<FieldError>> {
        let mut fields = Fields::default();
        let name = fields.check("/name", Name::parse(&self.name));
        let discount = self.discount.0.parse(&mut fields);
        let minimum_order = self.minimum_order.map_or(Ok(Money::ZERO), MoneyBody::money);
        let minimum_order = fields.check("/minimum_order/amount", minimum_order);
        let total = fields.check("/total", CampaignDraft::parse_total(self.total));
        let opens_at = fields.check("/opens_at", self.opens_at.parse::<Timestamp>());
        let closes_at = fields.check("/closes_at", self.closes_at.parse::<Timestamp>());
        let valid_days = fields.check("/valid_days", CampaignDraft::parse_valid_days(self.valid_days));
        if opens_at.zip(closes_at).is_some_and(|(opens, closes)| closes <= opens) {
            fields.note("/closes_at", Violation::NotAfter);
        }
        let draft = || {
            Some(CampaignDraft {
                name: name?,
                terms: CouponTerms { discount: discount?, minimum_order: minimum_order? },
                total: total?,
                opens_at: opens_at?,
                closes_at: closes_at?,
                valid_days: valid_days?,
            })
        };
        fields.finish(draft())
    }
}

impl DiscountBody {
    fn parse(self, fields: &mut Fields) -> Option<Discount> {
        // An amount of nothing is no discount.
        let something = |money: MoneyBody| Money::within(money.amount, Money::new(1)?, Money::MAX);
        let required = |value: Option<_>| value.ok_or(Violation::Missing);
        let mut refuse = |given: bool, pointer: &str| {
            if given {
                fields.note(pointer, Violation::Unknown);
            }
        };
        match self.r#type {
            DiscountType::Fixed => {
                refuse(self.percent.is_some(), "/discount/percent");
                refuse(self.max_amount.is_some(), "/discount/max_amount");
                let amount = fields.check("/discount/amount", required(self.amount).and_then(something))?;
                Some(Discount::Fixed { amount })
            }
            DiscountType::Percent => {
                refuse(self.amount.is_some(), "/discount/amount");
                let percent = self.percent.ok_or(Violation::Missing).and_then(CampaignDraft::parse_percent);
                let percent = fields.check("/discount/percent", percent);
                let max_amount = match self.max_amount {
                    Some(most) => fields.check("/discount/max_amount", something(most)).map(Some),
                    None => Some(None),
                };
                Some(Discount::Percent { percent: percent?, max_amount: max_amount? })
            }
        }
    }
}

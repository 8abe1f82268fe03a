//! `POST /v1/admin/coupons`: creates a coupon campaign. Its terms never change afterwards.

use serde::Deserialize;
use sijang_domain::{
    Campaign, CampaignDraft, CouponTerms, Discount, FieldError, Fields, Money, Name, Timestamp, Violation, schema,
};
use sijang_edge::{
    Answer, Error, MoneyBody, Object, Reply, Request, non_null, parameters::IdempotencyKeyHeader, serve,
};
use sijang_storage::Store;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        OneOf, Ref, RefOr, Schema,
        schema::{AdditionalProperties, ObjectBuilder, Type},
    },
};

/// The campaign to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateCouponRequest)]
struct Body {
    #[schema(value_type = Name)]
    name: String,
    #[schema(value_type = DiscountBody)]
    discount: Object<DiscountBody>,
    /// The smallest list price that the coupons are good for; any, when it is left out.
    #[serde(default, deserialize_with = "non_null")]
    minimum_order: Option<MoneyBody>,
    /// How many coupons it gives out.
    #[schema(minimum = 1, maximum = 10_000_000)]
    total: i64,
    /// The first instant at which coupons are given out.
    #[schema(value_type = Timestamp)]
    opens_at: String,
    /// The instant from which no more are given out; after `opens_at`.
    #[schema(value_type = Timestamp)]
    closes_at: String,
    /// How many days after the day of issue a coupon is good.
    #[schema(minimum = 1, maximum = 365)]
    valid_days: i64,
    #[serde(default, deserialize_with = "non_null")]
    #[schema(value_type = Name)]
    reason: Option<String>,
}

/// Flat, and not a tagged enum, so that a violation can be pointed at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountBody {
    r#type: DiscountType,
    #[serde(default, deserialize_with = "non_null")]
    amount: Option<MoneyBody>,
    #[serde(default, deserialize_with = "non_null")]
    percent: Option<i64>,
    #[serde(default, deserialize_with = "non_null")]
    max_amount: Option<MoneyBody>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DiscountType {
    Fixed,
    Percent,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Creates a coupon campaign. Its terms never change afterwards.
#[utoipa::path(
    post,
    path = "/v1/admin/coupons",
    operation_id = "create-coupon",
    tag = "administration",
    params(IdempotencyKeyHeader),
    request_body(content = Body, example = json!({
            "name": "첫 주문 3,000원 할인", "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"}, "total": 1000,
            "opens_at": "2026-11-21T00:00:00Z", "closes_at": "2026-12-21T00:00:00Z", "valid_days": 30
        })),
    responses((
        status = 201,
        description = "The campaign",
        body = Campaign,
        example = json!({"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "total": 1000, "opens_at": "2026-11-21T00:00:00.000Z", "closes_at": "2026-12-21T00:00:00.000Z",
            "valid_days": 30})
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let (draft, reason) = request.body::<Body>()?.parse()?;
    let command = request.staff_command(admin, "create-coupon", &draft, reason)?;
    let campaign = store.create_campaign(&command, draft).await?;
    Ok(Reply::rendered(201, campaign))
}

impl Body {
    fn parse(self) -> Result<(CampaignDraft, Option<Name>), Vec<FieldError>> {
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
        let reason = self.reason.and_then(|reason| fields.check("/reason", Name::parse(&reason)));
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
        fields.finish(draft().map(|draft| (draft, reason)))
    }
}

impl PartialSchema for DiscountBody {
    fn schema() -> RefOr<Schema> {
        let forms = DiscountBody::forms().map(|(name, _)| Ref::from_schema_name(name));
        let [fixed, percent] = forms;
        let forms = OneOf::builder().item(fixed).item(percent);
        Schema::OneOf(forms.description(Some("What a coupon takes off the list price.")).build()).into()
    }
}

impl ToSchema for DiscountBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "DiscountRequest".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(DiscountBody::forms().map(|(name, form)| (name.to_owned(), form.build().into())));
    }
}

impl DiscountBody {
    /// A tagged enum after all, for those who read the contract.
    fn forms() -> [(&'static str, ObjectBuilder); 2] {
        let form = |name: &str| {
            let r#type = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([name]));
            let closed = AdditionalProperties::FreeForm(false);
            ObjectBuilder::new().property("type", r#type).required("type").additional_properties(Some(closed))
        };
        let something = |what| schema::asked_amount(what, 1, Money::MAX.minor());
        let fixed = form("FIXED").property("amount", something("How much.")).required("amount");
        let percent = form("PERCENT")
            .property("percent", schema::integer("Floored to the minor unit, then capped.", 1, 100))
            .property("max_amount", something("The most it takes off; no cap, when it is left out."))
            .required("percent");
        [("FixedDiscountRequest", fixed), ("PercentDiscountRequest", percent)]
    }
}

impl DiscountBody {
    fn parse(self, fields: &mut Fields) -> Option<Discount> {
        // An amount of nothing is no discount.
        let something = |money: MoneyBody| Money::within(money.amount, Money::new(1)?, Money::MAX);
        let required = |value: Option<_>| value.ok_or(Violation::Missing);
        let mut reject = |given: bool, pointer: &str| {
            if given {
                fields.note(pointer, Violation::Unknown);
            }
        };
        match self.r#type {
            DiscountType::Fixed => {
                reject(self.percent.is_some(), "/discount/percent");
                reject(self.max_amount.is_some(), "/discount/max_amount");
                let amount = fields.check("/discount/amount", required(self.amount).and_then(something))?;
                Some(Discount::Fixed { amount })
            }
            DiscountType::Percent => {
                reject(self.amount.is_some(), "/discount/amount");
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

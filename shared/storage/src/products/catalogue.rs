//! Products: `INFO` (name, description, status), beside the stock (see [`crate::stock`]), and the catalogue index.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sijang_domain::{
    ActionSubject, Command, Description, Error, FieldChange, Idempotent, Name, Page, Position, Product, ProductDetails,
    ProductDraft, ProductId, ProductInfo, ProductPatch, ProductStatus, ProductSummary, ProductVersion, Rejection,
    ResponseBody, Stock, Timestamp,
};

use crate::{
    Item, Store,
    aged::VIEW_CACHED,
    deadline::check_deadline,
    dynamodb::query::Query,
    dynamodb::rollout::{Offer, Owner, Rollout},
    dynamodb::transaction::{Change, Transaction, from_item, key},
    idempotency::Commit,
    products::names::VersionRow,
    products::stock::{INFO, ProductView, StockRow, stock_key, stocks_of},
    random::random,
    staff::ActionDetails,
};

/// The index that lists products by name. Each status is a partition.
pub(super) const CATALOGUE: &str = "catalogue";
/// Between name and product in the index's key. No name has it and every letter sorts after it, so that a name comes
/// before the longer ones that begin with it.
const SEPARATOR: char = '\u{1}';

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InfoRow {
    product_id: ProductId,
    sk: String,
    name: Name,
    description: Description,
    #[serde(default, skip_serializing_if = "ProductDetails::is_empty")]
    details: ProductDetails,
    status: ProductStatus,
    /// KRW minor units for one, for lists that are sorted by price. Sales take the price of their shard. The first release
    /// had none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<i64>,
    /// Counts the changes of the product and of its shards, so that two administrators do not overwrite each other.
    pub(super) version: i64,
    /// Which name it has: counts the names.
    #[serde(default, skip_serializing_if = "ProductVersion::is_first")]
    product_version: ProductVersion,
    /// The status, as the partition key of the index. In the first release, inactive products had none.
    listing: Option<String>,
    /// The name in lower case, then the product.
    listing_key: String,
}

impl InfoRow {
    fn new(info: &ProductInfo, version: i64) -> Self {
        Self {
            product_id: info.product_id,
            sk: INFO.to_owned(),
            name: info.name.clone(),
            description: info.description.clone(),
            details: info.details.clone(),
            status: info.status,
            price: Some(info.price.minor()),
            version,
            product_version: ProductVersion::FIRST,
            listing: Some(listing(info.status).to_owned()),
            listing_key: listing_key(&info.name, info.product_id),
        }
    }
}

/// The attributes of an [`InfoRow`] in the catalogue's index, beside the keys.
#[derive(Debug, Deserialize)]
pub(super) struct ListedRow {
    pub(super) product_id: ProductId,
    pub(super) name: Name,
    pub(super) price: Option<i64>,
    #[serde(default)]
    pub(super) details: ProductDetails,
    listing_key: String,
}

/// A product as lists show it, and its stock as one row.
pub(super) fn summary(name: Name, details: ProductDetails, stock: &StockRow) -> Result<ProductSummary, Error> {
    let (product_id, price) = (stock.product_id, stock.price()?);
    Ok(ProductSummary { product_id, name, price, stock: Stock::counted(stock.stock), details })
}

/// The partition of the index that lists the products of a status.
pub(super) fn listing(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Active => "ACTIVE",
        ProductStatus::Inactive => "INACTIVE",
    }
}

fn listing_key(name: &Name, product_id: ProductId) -> String {
    format!("{}{SEPARATOR}{product_id}", name.sort_key())
}

pub(super) fn info_key(product_id: ProductId) -> Item {
    key([("product_id", product_id.to_string()), ("sk", INFO.to_owned())])
}

fn is_info(item: &Item) -> bool {
    item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk == INFO)
}

/// A product, and its stock as one row. Price and status are those of the first shard, which is the last to get new
/// ones.
fn product(info: InfoRow, stock: &StockRow) -> Result<Product, Error> {
    Ok(Product {
        product_id: info.product_id,
        name: info.name,
        description: info.description,
        price: stock.price()?,
        stock: Stock::counted(stock.stock),
        status: if stock.active { ProductStatus::Active } else { ProductStatus::Inactive },
        details: info.details,
    })
}

impl Store {
    /// The products that are sold, by name; with a prefix, those whose name begins with it in upper or lower case.
    pub async fn catalogue(
        &self,
        prefix: Option<&Name>,
        limit: usize,
        after: Option<Position>,
        now: Timestamp,
    ) -> Result<Page<ProductSummary>, Error> {
        self.products_by_status(ProductStatus::Active, prefix, limit, after, now).await
    }

    /// The products of a status, as [`Self::catalogue`] lists those that are sold.
    pub async fn products_by_status(
        &self,
        status: ProductStatus,
        prefix: Option<&Name>,
        limit: usize,
        after: Option<Position>,
        now: Timestamp,
    ) -> Result<Page<ProductSummary>, Error> {
        let mut values = vec![(":listed", listing(status).to_owned())];
        values.extend(prefix.map(|prefix| (":prefix", prefix.sort_key())));
        let query = Query {
            table: &self.tables.products,
            index: Some(CATALOGUE),
            condition: match prefix {
                Some(_) => "listing = :listed AND begins_with(listing_key, :prefix)",
                None => "listing = :listed",
            },
            values,
            after: after.map(|after| catalogue_position(status, after)).transpose()?,
            ..Query::default()
        };
        let items = self.query(query, limit + 1).await?;
        let rows = items.into_iter().map(|item| from_item("product", item)).collect::<Result<Vec<ListedRow>, _>>()?;
        let page = Page::cut(rows, limit, |row| Position(row.listing_key.clone()));
        let ids: Vec<ProductId> = page.data.iter().map(|row| row.product_id).collect();
        let stocks = self.stocks(&ids, now).await?;
        let mut data = Vec::with_capacity(page.data.len());
        for row in page.data {
            // An entry of the index can be older than its product's stock item: a product without one is not listed.
            let Some(stock) = stocks.get(&row.product_id) else { continue };
            data.push(summary(row.name, row.details, stock)?);
        }
        Ok(Page { data, next: page.next })
    }

    /// One product; also one that is not sold at present. The page of a split product is up to a second old.
    pub async fn product(&self, product_id: ProductId, now: Timestamp) -> Result<Product, Error> {
        let cached = self.cache.views.get(&product_id).and_then(|view| view.fresh(now, VIEW_CACHED));
        if let Some(ProductView { stock, info: Some(info) }) = cached {
            return product(info, &stock);
        }
        let query = Query {
            table: &self.tables.products,
            condition: "product_id = :product",
            values: vec![(":product", product_id.to_string())],
            ..Query::default()
        };
        let mut items = self.query(query, 2).await?.into_iter();
        let (info, first) = items.next().zip(items.next()).ok_or(Rejection::ProductNotFound)?;
        let info: InfoRow = from_item("product", info)?;
        let first = HashMap::from([(product_id, StockRow::read(first)?)]);
        let stock = self.whole_stocks(first).await?.remove(&product_id).ok_or(Rejection::ProductNotFound)?;
        self.cache_view(&stock, Some(&info), now);
        product(info, &stock)
    }

    /// The products of these identifiers; missing ones are left out.
    pub async fn products(&self, ids: &[ProductId], now: Timestamp) -> Result<HashMap<ProductId, Product>, Error> {
        let mut products = HashMap::with_capacity(ids.len());
        for product_id in ids {
            let cached = self.cache.views.get(product_id).and_then(|view| view.fresh(now, VIEW_CACHED));
            if let Some(ProductView { stock, info: Some(info) }) = cached {
                products.insert(*product_id, product(info, &stock)?);
            }
        }
        let missing = ids.iter().filter(|product_id| !products.contains_key(product_id));
        let keys = missing.flat_map(|product_id| [info_key(*product_id), stock_key(*product_id, 0)]).collect();
        let (infos, firsts): (Vec<_>, Vec<_>) =
            self.get_all(&self.tables.products, keys, false).await?.into_iter().partition(is_info);
        let stocks = self.whole_stocks(StockRow::by_product(firsts)?).await?;
        for info in infos {
            let info: InfoRow = from_item("product", info)?;
            if let Some(stock) = stocks.get(&info.product_id) {
                self.cache_view(stock, Some(&info), now);
                products.insert(info.product_id, product(info, stock)?);
            }
        }
        Ok(products)
    }

    /// Adds a product to the catalogue.
    pub async fn create_product(
        &self,
        command: &Command,
        draft: ProductDraft,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let product = draft.created(ProductId::new(command.time.now, random()));
        let answer = ResponseBody::of(&product)?;
        let mut transaction = Transaction::with_answer(&self.tables.events, command, "product.created.v1", &answer)?;
        let Product { product_id, name, description, price, stock, status, details } = product;
        let info = ProductInfo { product_id, name, description, price, status, details };
        let changes = vec![FieldChange::to("price", price.minor()), FieldChange::to("stock", stock.units())];
        transaction.put_new(&self.tables.products, &InfoRow::new(&info, 1), "product_id")?;
        let stock = StockRow::first(product_id, stock.units(), price);
        transaction.put_new(&self.tables.products, &stock, "product_id")?;
        let details = ActionDetails { subject: ActionSubject::product(product_id), changes };
        transaction.record_action(&self.tables.staff_actions, command, &details)?;
        self.commit_new(transaction, command, answer).await
    }

    /// Changes a product. A new price or status reaches one shard after the other: orders are charged by the shard that
    /// they take from, and all shards have it when the command is answered.
    pub async fn update_product(
        &self,
        command: &Command,
        product_id: ProductId,
        patch: &ProductPatch,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        self.change_product(command, product_id, |info, shards| {
            let InfoRow { name, description, status, details, product_version: version, .. } = info;
            let price = shards[0].price()?;
            let before = ProductInfo { product_id, name: name.clone(), description, price, status, details };
            let after = patch.applied_to(before.clone());
            let changes = FieldChange::of_product(&before, &after);
            let answer = ResponseBody::of(&after)?;
            let former = (after.name != name).then(|| VersionRow::new(product_id, version, name));
            let product_version = if former.is_some() { version.next() } else { version };
            let (price, active) = (after.price.minor(), after.status == ProductStatus::Active);
            let offer = Offer { price, active, product_version };
            let rollout = Rollout { member: shards[0].member, offer: Some(offer), ..Rollout::default() };
            let info = Some(InfoChange { after, product_version, former });
            Ok(ProductChange { kind: "product.updated.v1", answer, rollout, info, changes })
        })
        .await
    }

    /// Changes a product and its shards by a rollout. `change` makes the change from the product and its shards in use,
    /// of which there is one at least, when the product has no other rollout.
    pub(super) async fn change_product(
        &self,
        command: &Command,
        product_id: ProductId,
        change: impl Fn(InfoRow, &[StockRow]) -> Result<ProductChange, Error>,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let owner = stocks_of(&self.tables.products, product_id);
        let attempts = async {
            loop {
                let found = self.finish_rollout(&owner, command.time).await?;
                let settled = found.ok_or(Rejection::ProductNotFound)?;
                let shards = self.shards_beside(StockRow::read(settled.first)?).await?;
                let change = change(from_item("product", settled.item)?, &shards)?;
                let mut transaction =
                    Transaction::with_answer(&self.tables.events, command, change.kind, &change.answer)?;
                transaction.update(change.accepting(&owner, (settled.version, command.time.now))?)?;
                if let Some(former) = change.info.as_ref().and_then(|info| info.former.as_ref()) {
                    transaction.put_new(&self.tables.products, former, "product_id")?;
                }
                let details = ActionDetails { subject: ActionSubject::product(product_id), changes: change.changes };
                transaction.record_action(&self.tables.staff_actions, command, &details)?;
                if let Commit::Done(answer) = self.commit_command(transaction, command, change.answer).await? {
                    self.finish_rollout(&owner, command.time).await?;
                    return Ok(answer);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, Box::pin(attempts)).await
    }
}

/// A change of a product that is to be accepted.
pub(super) struct ProductChange {
    pub(super) kind: &'static str,
    pub(super) answer: ResponseBody,
    pub(super) rollout: Rollout,
    /// The update of `INFO`, if it changes.
    pub(super) info: Option<InfoChange>,
    /// For the history of staff.
    pub(super) changes: Vec<FieldChange>,
}

/// A change of `INFO`.
pub(super) struct InfoChange {
    after: ProductInfo,
    product_version: ProductVersion,
    /// The name that the product had, if it gets another one.
    former: Option<VersionRow>,
}

impl ProductChange {
    /// The change of the product's item, which is of the version `seen`, at this time.
    fn accepting(&self, owner: &Owner<'_>, seen: (i64, Timestamp)) -> Result<Change, Error> {
        let Some(InfoChange { after: info, product_version, .. }) = &self.info else {
            return owner.accepting(&self.rollout, seen, "");
        };
        let update = ", #name = :name, product_version = :product_version, description = :description, \
                      details = :details, price = :price, #status = :status, listing_key = :listing_key, \
                      listing = :listing";
        let internal = |error: serde_dynamo::Error| Error::Internal(error.to_string());
        let status = serde_dynamo::to_attribute_value(info.status).map_err(internal)?;
        let details = serde_dynamo::to_attribute_value(&info.details).map_err(internal)?;
        let change = owner
            .accepting(&self.rollout, seen, update)?
            .name("#name", "name")
            .name("#status", "status")
            .text(":name", info.name.as_str())
            .number(":product_version", product_version.get())
            .text(":description", info.description.as_str())
            .value(":details", details)
            .number(":price", info.price.minor())
            .text(":listing_key", listing_key(&info.name, info.product_id))
            .text(":listing", listing(info.status))
            .value(":status", status);
        Ok(change)
    }
}

/// The index's key after which the next page begins.
fn catalogue_position(status: ProductStatus, position: Position) -> Result<Item, Error> {
    let corrupt = || Error::corrupt("position", "not of the catalogue");
    let (_, product_id) = position.0.rsplit_once(SEPARATOR).ok_or_else(corrupt)?;
    let product_id: ProductId = product_id.parse().map_err(|_| corrupt())?;
    let mut start = info_key(product_id);
    start.extend(key([("listing", listing(status).to_owned()), ("listing_key", position.0)]));
    Ok(start)
}

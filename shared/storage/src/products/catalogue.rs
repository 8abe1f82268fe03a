//! Products: `INFO` (what it is), beside its stock (see [`crate::stock`]), and the catalogue that lists them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sijang_domain::{
    Command, Description, Error, Idempotent, Name, Page, Position, Product, ProductDraft, ProductId, ProductInfo,
    ProductPatch, ProductStatus, ProductSummary, Rejection, ResponseBody, ShardCount, Stock,
};

use crate::{
    Item, Store,
    deadline::check_deadline,
    dynamodb::query::Query,
    dynamodb::transaction::{Change, Transaction, from_item, key},
    idempotency::Commit,
    products::stock::{STOCK, StockRow, in_order, stock_key, sum},
    random::random,
};

const INFO: &str = "INFO";
/// The index that lists active products by name, and its one partition.
const CATALOGUE: &str = "catalogue";
const LISTED: &str = "ACTIVE";
/// Between name and product in the index's key. No name has it and every letter sorts after it, so that a name comes
/// before the longer ones that begin with it.
const SEPARATOR: char = '\u{1}';

#[derive(Debug, Clone, Serialize, Deserialize)]
struct InfoRow {
    product_id: ProductId,
    sk: String,
    name: Name,
    description: Description,
    status: ProductStatus,
    /// Counts the changes, so that two administrators do not overwrite each other.
    version: i64,
    /// Present while the product is listed: the key of the sparse index.
    #[serde(skip_serializing_if = "Option::is_none")]
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
            status: info.status,
            version,
            listing: (info.status == ProductStatus::Active).then(|| LISTED.to_owned()),
            listing_key: listing_key(&info.name, info.product_id),
        }
    }
}

/// What the catalogue's index projects of an [`InfoRow`]: `name`, beside the keys.
#[derive(Debug, Deserialize)]
struct ListedRow {
    product_id: ProductId,
    name: Name,
    listing_key: String,
}

fn listing_key(name: &Name, product_id: ProductId) -> String {
    format!("{}{SEPARATOR}{product_id}", name.sort_key())
}

fn info_key(product_id: ProductId) -> Item {
    key([("product_id", product_id.to_string()), ("sk", INFO.to_owned())])
}

fn is_info(item: &Item) -> bool {
    item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk == INFO)
}

/// A product, and its stock as one row.
fn product(info: InfoRow, stock: &StockRow) -> Result<Product, Error> {
    Ok(Product {
        product_id: info.product_id,
        name: info.name,
        description: info.description,
        price: stock.price()?,
        stock: Stock::counted(stock.stock),
        status: info.status,
    })
}

impl Store {
    /// The products that are sold, by name; with a prefix, those whose name begins with it in upper or lower case.
    pub async fn catalogue(
        &self,
        prefix: Option<&Name>,
        limit: usize,
        after: Option<Position>,
    ) -> Result<Page<ProductSummary>, Error> {
        let mut values = vec![(":listed", LISTED.to_owned())];
        values.extend(prefix.map(|prefix| (":prefix", prefix.sort_key())));
        let query = Query {
            table: &self.tables.products,
            index: Some(CATALOGUE),
            condition: match prefix {
                Some(_) => "listing = :listed AND begins_with(listing_key, :prefix)",
                None => "listing = :listed",
            },
            values,
            after: after.map(catalogue_position).transpose()?,
            ..Query::default()
        };
        let items = self.query(query, limit + 1).await?;
        let rows = items.into_iter().map(|item| from_item("product", item)).collect::<Result<Vec<ListedRow>, _>>()?;
        let page = Page::cut(rows, limit, |row| Position(row.listing_key.clone()));
        let ids: Vec<ProductId> = page.data.iter().map(|row| row.product_id).collect();
        let stocks = self.stocks(&ids).await?;
        let mut data = Vec::with_capacity(page.data.len());
        for ListedRow { product_id, name, .. } in page.data {
            // An entry of the index can be older than its product's other item: what has no stock item is not listed.
            let Some(stock) = stocks.get(&product_id) else { continue };
            data.push(ProductSummary { product_id, name, price: stock.price()?, stock: Stock::counted(stock.stock) });
        }
        Ok(Page { data, next: page.next })
    }

    /// One product; also one that is not sold at present.
    pub async fn product(&self, product_id: ProductId) -> Result<Product, Error> {
        let (info, shards) = self.whole_product(product_id, false).await?;
        let stock = StockRow { stock: sum(&shards), ..shards[0].clone() };
        product(info, &stock)
    }

    /// What a product is, and its shards, of which there is one at least: as they are and those that are no longer in
    /// use among them when it is to be changed, else as they were a moment ago.
    async fn whole_product(&self, product_id: ProductId, change: bool) -> Result<(InfoRow, Vec<StockRow>), Error> {
        let query = Query {
            table: &self.tables.products,
            condition: "product_id = :product",
            values: vec![(":product", product_id.to_string())],
            consistent: change,
            ..Query::default()
        };
        let (mut info, mut first) = (None, None);
        for item in self.query_all(query).await? {
            match item.get("sk").and_then(|sk| sk.as_s().ok()).map(String::as_str) {
                Some(INFO) => info = Some(from_item("product", item)?),
                Some(sk) if sk.starts_with(STOCK) => first = Some(StockRow::read(item)?),
                _ => return Err(Error::corrupt("product", "an item of an unknown kind")),
            }
        }
        let (info, first): (_, StockRow) = info.zip(first).ok_or(Rejection::ProductNotFound)?;
        // What was never split has no shard that is out of use.
        let count = if change && first.member.generation > 0 { ShardCount::ALL } else { first.member.shards };
        let others = (1..count.get()).map(|shard| stock_key(product_id, shard)).collect();
        let others = self.get_all(&self.tables.products, others, change).await?;
        let others = others.into_iter().map(StockRow::read).collect::<Result<Vec<_>, _>>()?;
        let shards = in_order(std::iter::once(first).chain(others).collect())?;
        Ok((info, shards))
    }

    /// The products of these identifiers; what does not exist is left out.
    pub async fn products(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Product>, Error> {
        let keys = ids.iter().flat_map(|product_id| [info_key(*product_id), stock_key(*product_id, 0)]).collect();
        let (infos, firsts): (Vec<_>, Vec<_>) =
            self.get_all(&self.tables.products, keys, false).await?.into_iter().partition(is_info);
        let stocks = self.whole_stocks(StockRow::by_product(firsts)?).await?;
        let mut products = HashMap::with_capacity(ids.len());
        for info in infos {
            let info: InfoRow = from_item("product", info)?;
            if let Some(stock) = stocks.get(&info.product_id) {
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
        let Product { product_id, name, description, price, stock, status } = product;
        let info = ProductInfo { product_id, name, description, price, status };
        transaction.put_new(&self.tables.products, &InfoRow::new(&info, 1), "product_id")?;
        let stock = StockRow::first(product_id, stock.units(), price);
        transaction.put_new(&self.tables.products, &stock, "product_id")?;
        self.commit_new(transaction, command, answer).await
    }

    /// Changes a product. A new price holds from the next sale on, in all shards at once.
    pub async fn update_product(
        &self,
        command: &Command,
        product_id: ProductId,
        patch: &ProductPatch,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        let attempts = async {
            loop {
                let (transaction, answer) = self.product_update(command, product_id, patch).await?;
                if let Commit::Done(answer) = self.commit_command(transaction, command, answer).await? {
                    return Ok(answer);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempts).await
    }

    async fn product_update(
        &self,
        command: &Command,
        product_id: ProductId,
        patch: &ProductPatch,
    ) -> Result<(Transaction, ResponseBody), Error> {
        let (row, shards) = self.whole_product(product_id, true).await?;
        let (seen, next) = (row.version, row.version + 1);
        let InfoRow { name, description, status, .. } = row;
        let before = ProductInfo { product_id, name, description, price: shards[0].price()?, status };
        let after = patch.applied_to(before);
        let answer = ResponseBody::of(&after)?;
        let mut transaction = Transaction::with_answer(&self.tables.events, command, "product.updated.v1", &answer)?;
        transaction.update(info_change(&self.tables.products, &after, next, seen)?)?;
        for shard in &shards {
            transaction.update(shard.offered(&self.tables.products, &after))?;
        }
        Ok((transaction, answer))
    }
}

/// Replaces what is known of a product, if nobody else has since it was read.
fn info_change(table: &str, info: &ProductInfo, version: i64, seen: i64) -> Result<Change, Error> {
    let status = serde_dynamo::to_attribute_value(info.status).map_err(|error| Error::Internal(error.to_string()))?;
    let listed = info.status == ProductStatus::Active;
    let set = "SET #name = :name, description = :description, #status = :status, version = :version, \
               listing_key = :listing_key";
    let set = if listed { format!("{set}, listing = :listed") } else { format!("{set} REMOVE listing") };
    let change = Change::to(table, info_key(info.product_id), set)
        .when("version = :seen")
        .name("#name", "name")
        .name("#status", "status")
        .text(":name", info.name.as_str())
        .text(":description", info.description.as_str())
        .text(":listing_key", listing_key(&info.name, info.product_id))
        .number(":version", version)
        .number(":seen", seen)
        .value(":status", status);
    Ok(if listed { change.text(":listed", LISTED) } else { change })
}

/// The index's key after which the next page begins.
fn catalogue_position(position: Position) -> Result<Item, Error> {
    let corrupt = || Error::corrupt("position", "not of the catalogue");
    let (_, product_id) = position.0.rsplit_once(SEPARATOR).ok_or_else(corrupt)?;
    let product_id: ProductId = product_id.parse().map_err(|_| corrupt())?;
    let mut start = info_key(product_id);
    start.extend(key([("listing", LISTED.to_owned()), ("listing_key", position.0)]));
    Ok(start)
}

//! Search in the products on sale: an environment caches all of them, as the catalogue's index has them, and reads price and
//! stock of the products of a page when they are asked for.

use std::{sync::Arc, time::Duration};

use sijang_domain::{
    Catalogue, CatalogueEntry, Error, Money, Page, Position, ProductHits, ProductId, ProductSearch, ProductStatus,
    ProductSummary, Timestamp,
};

use crate::{
    Store,
    aged::Aged,
    dynamodb::query::Query,
    dynamodb::transaction::from_item,
    products::catalogue::{CATALOGUE, ListedRow, listing, summary},
};

/// For how long the products on sale are cached. A search finds a new product, and sorts by a new price, after this time.
const CATALOGUE_CACHED: Duration = Duration::from_secs(30);

impl Store {
    /// The products on sale that a search finds, with price and stock as they are now. They are found and sorted by what an
    /// environment has cached. A page has fewer products when some were taken off sale since.
    pub async fn search_products(
        &self,
        search: &ProductSearch,
        limit: usize,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<ProductHits<ProductSummary>, Error> {
        let catalogue = Box::pin(self.cached_catalogue(now)).await?;
        let ProductHits { page, total, categories } = catalogue.search(search, limit, after)?;
        let ids: Vec<ProductId> = page.data.iter().map(|entry| entry.product_id).collect();
        let stocks = self.stocks(&ids, now).await?;
        let mut data = Vec::with_capacity(ids.len());
        for CatalogueEntry { product_id, name, details, .. } in page.data {
            let Some(stock) = stocks.get(product_id).filter(|stock| stock.active) else { continue };
            data.push(summary(name.clone(), details.clone(), stock)?);
        }
        Ok(ProductHits { page: Page { data, next: page.next }, total, categories })
    }

    /// All products on sale, as cached or as they are. Requests that need them at once wait for one of them to read them.
    async fn cached_catalogue(&self, now: Timestamp) -> Result<Arc<Catalogue>, Error> {
        let mut cached = self.cache.catalogue.lock().await;
        if let Some(catalogue) = cached.clone().and_then(|catalogue| catalogue.fresh(now, CATALOGUE_CACHED)) {
            return Ok(catalogue);
        }
        let catalogue = Arc::new(Box::pin(self.read_catalogue(now)).await?);
        *cached = Some(Aged::new(Arc::clone(&catalogue), now));
        Ok(catalogue)
    }

    async fn read_catalogue(&self, now: Timestamp) -> Result<Catalogue, Error> {
        let query = Query {
            table: &self.tables.products,
            index: Some(CATALOGUE),
            condition: "listing = :listed",
            values: vec![(":listed", listing(ProductStatus::Active).to_owned())],
            ..Query::default()
        };
        let (items, ranking) = tokio::try_join!(self.query_all(query), self.newest_ranking(now))?;
        let rows = items.into_iter().map(|item| from_item("product", item)).collect::<Result<Vec<ListedRow>, _>>()?;
        let unpriced: Vec<ProductId> =
            rows.iter().filter(|row| row.price.is_none()).map(|row| row.product_id).collect();
        let stocks = self.first_shards(&unpriced, false).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for ListedRow { product_id, name, price, details, .. } in rows {
            let price = match price {
                Some(price) => Money::new(price).map_err(|_| Error::corrupt("product", "price out of range"))?,
                None => match stocks.get(&product_id) {
                    Some(stock) => stock.price()?,
                    None => continue,
                },
            };
            entries.push(CatalogueEntry { product_id, name, price, details });
        }
        Ok(Catalogue::of(entries, ranking.as_ref()))
    }
}

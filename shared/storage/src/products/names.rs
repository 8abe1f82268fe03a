//! The names of product versions: orders hold versions, and show the name of that version.
//!
//! `INFO` has the current version and its name. The command that gives a product another name also writes `VERSION#<n>`
//! with the name that the product had. The name of a version never changes, so it is cached for ever.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use sijang_domain::{Error, Name, Order, ProductId, ProductVersion};

use crate::{
    Item, Store,
    dynamodb::transaction::{from_item, key},
    products::catalogue::info_key,
};

/// A version of a product.
type Version = (ProductId, ProductVersion);

/// `VERSION#<n>`, and the attributes that `INFO` shares.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VersionRow {
    product_id: ProductId,
    sk: String,
    #[serde(default)]
    product_version: ProductVersion,
    name: Name,
}

impl VersionRow {
    pub(super) fn new(product_id: ProductId, product_version: ProductVersion, name: Name) -> Self {
        Self { product_id, sk: sort_key(product_version), product_version, name }
    }
}

/// It sorts after `INFO` and `STOCK#0`, which are read together.
fn sort_key(version: ProductVersion) -> String {
    format!("VERSION#{version}")
}

fn version_key((product_id, version): Version) -> Item {
    key([("product_id", product_id.to_string()), ("sk", sort_key(version))])
}

impl Store {
    /// Gives the lines of orders the names that the products had when they were ordered. Lines without a version get
    /// none.
    pub async fn name_lines(&self, orders: &mut [Order]) -> Result<(), Error> {
        let lines = orders.iter().flat_map(|order| &order.lines);
        let versions = lines.filter_map(|line| Some((line.product_id, line.product_version?)));
        let names = self.names(versions.collect()).await?;
        for line in orders.iter_mut().flat_map(|order| &mut order.lines) {
            line.name = line.product_version.and_then(|version| names.get(&(line.product_id, version)).cloned());
        }
        Ok(())
    }

    /// The names of these versions. Those that are not cached take one call for each 50 of them. An eventually
    /// consistent read may miss a name that was just written: missing names are read again.
    async fn names(&self, versions: BTreeSet<Version>) -> Result<HashMap<Version, Name>, Error> {
        let cached = |version: &Version| Some((*version, self.cache.names.get(version)?));
        let mut names: HashMap<Version, Name> = versions.iter().filter_map(cached).collect();
        for consistent in [false, true] {
            let missing = || versions.iter().copied().filter(|version| !names.contains_key(version));
            let infos: BTreeSet<ProductId> = missing().map(|(product_id, _)| product_id).collect();
            let keys = infos.into_iter().map(info_key).chain(missing().map(version_key)).collect();
            for item in self.get_all(&self.tables.products, keys, consistent).await? {
                let VersionRow { product_id, product_version, name, .. } = from_item("product version", item)?;
                self.cache.names.insert((product_id, product_version), name.clone());
                names.insert((product_id, product_version), name);
            }
        }
        Ok(names)
    }
}

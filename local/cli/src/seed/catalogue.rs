//! The catalogue of the local shop, from `local/fixtures/seed/products.txt`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TEXT: &str = include_str!("../../../fixtures/seed/products.txt");

/// The bodies of the requests that create the products.
pub(super) fn products() -> Result<Vec<Value>> {
    let lines = TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let groups: Vec<Vec<Value>> =
        lines.map(|line| group(line).with_context(|| format!("seed/products.txt: {line}"))).collect::<Result<_>>()?;
    Ok(groups.into_iter().flatten().collect())
}

/// `name | description | size price, size price, ...`: a product for each size.
fn group(line: &str) -> Result<Vec<Value>> {
    let mut parts = line.splitn(3, " | ");
    let (name, description, sizes) =
        (parts.next().context("no name")?, parts.next().context("no description")?, parts.next().context("no sizes")?);
    sizes
        .split(", ")
        .map(|size| {
            let (size, price) = size.rsplit_once(' ').context("a size without price")?;
            let name = format!("{name} {size}");
            let price: u32 = price.parse()?;
            Ok(json!({
                "stock": stock(&name, price),
                "name": name,
                "description": description,
                "price": {"amount": price, "currency": "KRW"},
            }))
        })
        .collect()
}

/// Cheap goods lie in the hundreds, dear ones in the tens; one in forty is nearly gone.
fn stock(name: &str, price: u32) -> u32 {
    let digest = Sha256::digest(name);
    let random = u32::from(u16::from_be_bytes([digest[0], digest[1]]));
    if random % 40 == 0 {
        return random % 4;
    }
    let usual = (4_000_000 / price).clamp(20, 400);
    usual / 2 + random % usual
}

#[cfg(test)]
mod tests {
    use super::products;
    use std::collections::BTreeSet;

    #[test]
    fn the_catalogue_has_a_few_hundred_different_products() {
        let products = products().expect("the file is well formed");
        let names: BTreeSet<_> = products.iter().map(|product| product["name"].to_string()).collect();
        assert!(products.len() >= 250);
        assert_eq!(names.len(), products.len());
    }
}

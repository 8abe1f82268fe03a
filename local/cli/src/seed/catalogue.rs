//! The catalogue of the local shop, from `local/fixtures/seed/products.txt`.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TEXT: &str = include_str!("../../../fixtures/seed/products.txt");

/// Words of sizes, in English.
const WORDS: [(&str, &str); 30] = [
    ("가을", "autumn"),
    ("검정", "black"),
    ("겨울", "winter"),
    ("그레이", "grey"),
    ("기본형", "standard"),
    ("낮은형", "low"),
    ("네이비", "navy"),
    ("높은형", "high"),
    ("대", "large"),
    ("대형", "large"),
    ("도시락김", "snack size"),
    ("리필", "refill"),
    ("미니", "mini"),
    ("베이지", "beige"),
    ("봄", "spring"),
    ("선물세트", "gift set"),
    ("세트", "set"),
    ("소", "small"),
    ("소형", "small"),
    ("슈퍼싱글", "super single"),
    ("스틱", "sticks"),
    ("싱글", "single"),
    ("절임", "salted"),
    ("중", "medium"),
    ("중형", "medium"),
    ("카키", "khaki"),
    ("퀸", "queen"),
    ("특대", "extra large"),
    ("티백", "tea bags"),
    ("회색", "grey"),
];

/// The bodies of the requests that create the products.
pub(super) fn products() -> Result<Vec<Value>> {
    let (mut products, mut category) = (Vec::new(), "");
    for line in TEXT.lines() {
        if let Some(heading) = line.strip_prefix("# ") {
            category = heading;
        } else if !line.is_empty() {
            products.extend(family(line, category).with_context(|| format!("seed/products.txt: {line}"))?);
        }
    }
    Ok(products)
}

/// `name | description | size price, size price, ... | name in English`: a product for each size.
fn family(line: &str, category: &str) -> Result<Vec<Value>> {
    let parts: Vec<&str> = line.split(" | ").collect();
    let [family, description, sizes, english] = parts[..] else { bail!("not four parts") };
    sizes
        .split(", ")
        .map(|size| {
            let (size, price) = size.rsplit_once(' ').context("a size without price")?;
            let name = format!("{family} {size}");
            let price: u32 = price.parse()?;
            Ok(json!({
                "stock": stock(&name, price),
                "name": name,
                "description": description,
                "price": {"amount": price, "currency": "KRW"},
                "category": category,
                "family": family,
                "size": size,
                "name_en": format!("{english} {}", english_size(size)),
            }))
        })
        .collect()
}

/// A size in English. What Korean counts by a word for each kind of thing is a piece.
fn english_size(size: &str) -> String {
    let words = size.split(' ').map(|word| {
        if let Some((_, english)) = WORDS.iter().find(|(korean, _)| *korean == word) {
            return (*english).to_owned();
        }
        let number = word.trim_end_matches(|letter: char| !letter.is_ascii());
        match &word[number.len()..] {
            "" => word.to_owned(),
            "색" => format!("{number} colours"),
            "인" => format!("{number}-person"),
            _ if number == "1" => "1 pc".to_owned(),
            _ => format!("{number} pcs"),
        }
    });
    words.collect::<Vec<_>>().join(" ")
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
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::products;

    #[test]
    fn the_catalogue_has_a_few_hundred_different_products() {
        let products = products().expect("the file is well formed");
        let names: BTreeSet<_> = products.iter().map(|product| product["name"].to_string()).collect();
        assert!(products.len() >= 250);
        assert_eq!(names.len(), products.len());
        let categories: BTreeSet<_> = products.iter().map(|product| product["category"].to_string()).collect();
        assert_eq!(categories.len(), 10);
        let english = |name: &Value| name.as_str().is_some_and(str::is_ascii);
        assert!(products.iter().all(|product| english(&product["name_en"])), "every name has an English one");
    }
}

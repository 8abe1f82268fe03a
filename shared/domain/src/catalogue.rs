//! The products on sale, as one list in memory: search, order, pages, and how many there are of each category.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize, de::value::StrDeserializer};

use crate::{
    Error, Label, Money, Name, Page, Position, ProductDetails, ProductId, Ranking, Violation,
    search_text::{SearchText, SearchedText},
};

/// The order of a list of products. Products that are equal in it are listed by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
pub enum ProductSort {
    /// By name.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// The cheapest first.
    #[serde(rename = "price")]
    Price,
    /// The most expensive first.
    #[serde(rename = "price-desc")]
    PriceDescending,
    /// The one that was created last first.
    #[serde(rename = "newest")]
    Newest,
    /// The one that sold most units in the three days of the ranking first.
    #[serde(rename = "popular")]
    Popular,
}

impl ProductSort {
    /// The order of this name; a violation that names all of them.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let name = StrDeserializer::<serde::de::value::Error>::new(text);
        Self::deserialize(name).map_err(|_| Violation::UnknownSort)
    }
}

/// Which products are listed, and in which order.
#[derive(Debug, Clone, Default)]
pub struct ProductSearch {
    /// Text in the name or the English name (see [`SearchText`]).
    pub text: Option<Name>,
    /// Beginning of the name.
    pub prefix: Option<Name>,
    /// The category.
    pub category: Option<Label>,
    /// The order.
    pub sort: ProductSort,
}

impl ProductSearch {
    /// A text that identifies the search: cursors of one search are not accepted by another.
    pub fn identity(&self) -> String {
        let Self { text, prefix, category, sort } = self;
        let texts =
            [text.as_ref().map(Name::as_str), prefix.as_ref().map(Name::as_str), category.as_ref().map(Label::as_str)];
        format!("{sort:?} {texts:?}")
    }
}

/// How many products there are of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CategoryCount {
    /// Which one.
    pub category: Label,
    /// Its products.
    #[schema(minimum = 1)]
    pub count: usize,
}

/// The result of a search: a page of it, and figures of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductHits<T> {
    /// The page.
    pub page: Page<T>,
    /// The products that were found, on all pages.
    pub total: usize,
    /// How many of each category, by its name. The search's own category is not applied here.
    pub categories: Vec<CategoryCount>,
}

/// A product on sale, with the fields that a search uses.
#[derive(Debug, Clone)]
pub struct CatalogueEntry {
    /// Which one.
    pub product_id: ProductId,
    /// Its name.
    pub name: Name,
    /// The price of one unit.
    pub price: Money,
    /// Its optional fields.
    pub details: ProductDetails,
}

#[derive(Debug)]
struct Listed {
    entry: CatalogueEntry,
    /// By name, and then by product.
    key: (String, ProductId),
    texts: [Option<SearchedText>; 2],
    units_sold: i64,
}

/// All products on sale at some instant.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// By their keys.
    products: Vec<Listed>,
}

impl Catalogue {
    /// The catalogue of these products, in any order, with the units that a ranking has of them.
    pub fn of(products: impl IntoIterator<Item = CatalogueEntry>, ranking: Option<&Ranking>) -> Self {
        let ranked = ranking.into_iter().flat_map(|ranking| &ranking.products);
        let sold: HashMap<ProductId, i64> = ranked.map(|ranked| (ranked.product_id, ranked.units_sold)).collect();
        let listed = |entry: CatalogueEntry| Listed {
            key: (entry.name.sort_key(), entry.product_id),
            texts: [Some(&entry.name), entry.details.name_en.as_ref()].map(|name| name.map(SearchedText::of)),
            units_sold: sold.get(&entry.product_id).copied().unwrap_or_default(),
            entry,
        };
        let mut products: Vec<Listed> = products.into_iter().map(listed).collect();
        products.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Self { products }
    }

    /// A page of up to `limit` products. It begins after `after`, a position that this function gave, of this or of
    /// another catalogue.
    ///
    /// # Errors
    /// When `after` is no such position.
    pub fn search(
        &self,
        search: &ProductSearch,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<ProductHits<&CatalogueEntry>, Error> {
        let after = after.map(Place::parse).transpose()?;
        let text = search.text.as_ref().map(SearchText::of);
        let prefix = search.prefix.as_ref().map(Name::sort_key);
        let is_found = |listed: &&Listed| {
            let begins = prefix.as_ref().is_none_or(|prefix| listed.key.0.starts_with(prefix));
            let has = |text: &SearchText| listed.texts.iter().flatten().any(|searched| text.is_in(searched));
            begins && text.as_ref().is_none_or(has)
        };
        let mut counts: BTreeMap<&Label, usize> = BTreeMap::new();
        let mut total = 0;
        let mut found = Vec::new();
        for listed in self.products.iter().filter(is_found) {
            let category = listed.entry.details.category.as_ref();
            if let Some(category) = category {
                *counts.entry(category).or_default() += 1;
            }
            if search.category.is_some() && search.category.as_ref() != category {
                continue;
            }
            total += 1;
            let rank = listed.rank(search.sort);
            if after.as_ref().is_none_or(|after| after.is_before(rank, &listed.key)) {
                found.push((rank, listed));
            }
        }
        // They are in the order of their keys, and the sort is stable.
        found.sort_by_key(|(rank, _)| *rank);
        found.truncate(limit + 1);
        let page = Page::cut(found, limit, |(rank, listed)| Place::render(*rank, &listed.key));
        let categories =
            counts.into_iter().map(|(category, count)| CategoryCount { category: category.clone(), count });
        Ok(ProductHits { page: page.map(|(_, listed)| &listed.entry), total, categories: categories.collect() })
    }
}

impl Listed {
    /// The figure that a list is sorted by, the smallest first.
    fn rank(&self, sort: ProductSort) -> i64 {
        match sort {
            ProductSort::Name => 0,
            ProductSort::Price => self.entry.price.minor(),
            ProductSort::PriceDescending => -self.entry.price.minor(),
            ProductSort::Newest => -self.entry.product_id.millis(),
            ProductSort::Popular => -self.units_sold,
        }
    }
}

/// Where a page ends: the last product's rank, and its key. It does not name a number of products, so a catalogue that has
/// changed meanwhile goes on at the same place.
struct Place {
    rank: i64,
    key: (String, ProductId),
}

impl Place {
    fn render(rank: i64, (name, product_id): &(String, ProductId)) -> Position {
        Position(format!("{rank} {product_id} {name}"))
    }

    fn parse(position: &Position) -> Result<Self, Error> {
        let mut parts = position.0.splitn(3, ' ');
        let mut parsed = || {
            let (rank, product_id) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some(Self { rank, key: (parts.next()?.to_owned(), product_id) })
        };
        parsed().ok_or_else(|| Error::corrupt("position", "not of a search"))
    }

    fn is_before(&self, rank: i64, key: &(String, ProductId)) -> bool {
        (self.rank, &self.key) < (rank, key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{Day, RankedProduct, Timestamp};

    /// A product that was created in this second.
    fn id(second: u8) -> ProductId {
        ProductId::new(Timestamp::from_millis(i64::from(second) * 1_000).unwrap(), second.into())
    }

    fn entry(second: u8, name: &str, price: i64, category: Option<&str>) -> CatalogueEntry {
        let details =
            ProductDetails { category: category.map(|text| Label::parse(text).unwrap()), ..ProductDetails::default() };
        let (name, price) = (Name::parse(name).unwrap(), Money::new(price).unwrap());
        CatalogueEntry { product_id: id(second), name, price, details }
    }

    fn ranking(sold: &[(u8, i64)]) -> Ranking {
        let ranked = |(second, units_sold): &(u8, i64)| RankedProduct {
            product_id: id(*second),
            units_sold: *units_sold,
            revenue: 0,
        };
        Ranking { day: Day::of(Timestamp::EPOCH), products: sold.iter().map(ranked).collect(), facts: 0 }
    }

    /// Seven products of two prices, two of them of one name, in three categories or none.
    fn market() -> Vec<CatalogueEntry> {
        let mut melon = entry(7, "참외", 900, Some("과일"));
        melon.details.name_en = Name::parse("Korean melon").ok();
        vec![
            entry(1, "제주 감귤 2kg", 900, Some("과일")),
            entry(5, "제주 감귤 5kg", 1_700, Some("과일")),
            entry(2, "감귤칩", 900, Some("간식")),
            entry(6, "LED lamp", 1_700, Some("생활")),
            entry(3, "led LAMP", 1_700, None),
            entry(4, "apple", 1_700, None),
            melon,
        ]
    }

    fn sorted(sort: ProductSort) -> ProductSearch {
        ProductSearch { sort, ..ProductSearch::default() }
    }

    /// The products of all pages, by the second in which they were created.
    fn pages(catalogue: &Catalogue, search: &ProductSearch, limit: usize) -> Vec<u8> {
        let (mut seconds, mut after) = (Vec::new(), None);
        loop {
            let hits = catalogue.search(search, limit, after.as_ref()).unwrap();
            assert!(hits.page.data.len() <= limit);
            seconds.extend(hits.page.data.iter().map(|entry| second_of(entry)));
            after = hits.page.next;
            if after.is_none() {
                return seconds;
            }
        }
    }

    fn second_of(entry: &CatalogueEntry) -> u8 {
        u8::try_from(entry.product_id.millis() / 1_000).unwrap()
    }

    #[test]
    fn products_are_sorted_and_equal_ones_by_name() {
        let ranking = ranking(&[(6, 40), (5, 7), (2, 7)]);
        let catalogue = Catalogue::of(market(), Some(&ranking));
        for (name, seconds) in [
            ("name", [4, 3, 6, 2, 1, 5, 7]),
            ("price", [2, 1, 7, 4, 3, 6, 5]),
            ("price-desc", [4, 3, 6, 5, 2, 1, 7]),
            ("newest", [7, 6, 5, 4, 3, 2, 1]),
            ("popular", [6, 2, 5, 4, 3, 1, 7]),
        ] {
            let search = sorted(ProductSort::parse(name).unwrap());
            for limit in 1..=8 {
                assert_eq!(pages(&catalogue, &search, limit), seconds, "{name}, pages of {limit}");
            }
        }
        for unknown in ["", "Name", "+price", "price ", "-name", "best"] {
            assert_eq!(ProductSort::parse(unknown), Err(Violation::UnknownSort), "{unknown}");
        }
    }

    #[test]
    fn search_counts_what_it_found_and_the_categories_beside_its_own() {
        let catalogue = Catalogue::of(market(), None);
        let found = |text: &str, category: &str| {
            let text = Name::parse(text).ok();
            let search = ProductSearch { text, category: Label::parse(category).ok(), ..ProductSearch::default() };
            let hits = catalogue.search(&search, 1, None).unwrap();
            let counts =
                hits.categories.iter().map(|counted| format!("{} {}", counted.category.as_str(), counted.count));
            let counts: Vec<String> = counts.collect();
            (pages(&catalogue, &search, 2), hits.total, counts.join(", "))
        };
        let all = "간식 1, 과일 3, 생활 1".to_owned();
        assert_eq!(found("", ""), (vec![4, 3, 6, 2, 1, 5, 7], 7, all.clone()));
        assert_eq!(found("", "과일"), (vec![1, 5, 7], 3, all.clone()));
        assert_eq!(found("", "옷"), (vec![], 0, all));
        assert_eq!(found("ㄱㄱ", ""), (vec![2, 1, 5], 3, "간식 1, 과일 2".to_owned()));
        assert_eq!(found("ㄱㄱ", "과일"), (vec![1, 5], 2, "간식 1, 과일 2".to_owned()));
        assert_eq!(found("LED", ""), (vec![3, 6], 2, "생활 1".to_owned()));
        assert_eq!(found("MELON", ""), (vec![7], 1, "과일 1".to_owned()));
        assert_eq!(found("쌀", ""), (vec![], 0, String::new()));
        let search = ProductSearch { prefix: Name::parse("LED").ok(), ..sorted(ProductSort::Newest) };
        assert_eq!(pages(&catalogue, &search, 9), [6, 3]);
    }

    #[test]
    fn position_of_another_list_is_none() {
        let catalogue = Catalogue::of(market(), None);
        for text in ["", "0", "0 x", "x 01ARZ3NDEKTSV4RRFFQ69G5FAV a", "apple\u{1}01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            let position = Position(text.to_owned());
            assert!(catalogue.search(&sorted(ProductSort::Name), 1, Some(&position)).is_err(), "{text}");
        }
    }

    proptest! {
        /// Between two pages other products change price, come and go: those that stay as they are are listed once.
        #[test]
        fn pages_list_each_product_once_while_others_change(
            prices in prop::collection::vec(0i64..4, 1..40),
            later in prop::collection::vec(prop::option::of(0i64..4), 40),
            limit in 1usize..7,
            at in 0usize..3,
        ) {
            let sort = [ProductSort::Price, ProductSort::PriceDescending, ProductSort::Newest][at];
            let product = |(second, price): (usize, i64)| {
                entry(u8::try_from(second).unwrap(), &format!("p{}", second % 5), price, None)
            };
            let before = Catalogue::of(prices.iter().copied().enumerate().map(product), None);
            let changed = later.iter().copied().enumerate().filter_map(|(second, price)| Some((second, price?)));
            let after = Catalogue::of(changed.map(product), None);
            let same: BTreeSet<u8> = prices.iter().zip(&later).enumerate()
                .filter(|(_, (before, after))| Some(**before) == **after)
                .map(|(second, _)| u8::try_from(second).unwrap())
                .collect();
            let first = before.search(&sorted(sort), limit, None).unwrap();
            let mut seen: Vec<u8> = first.page.data.iter().map(|entry| second_of(entry)).collect();
            let mut next = first.page.next;
            while let Some(position) = next {
                let hits = after.search(&sorted(sort), limit, Some(&position)).unwrap();
                seen.extend(hits.page.data.iter().map(|entry| second_of(entry)));
                next = hits.page.next;
            }
            let stayed: Vec<u8> = seen.into_iter().filter(|second| same.contains(second)).collect();
            let unique: BTreeSet<u8> = stayed.iter().copied().collect();
            prop_assert_eq!(stayed.len(), unique.len(), "none twice");
            prop_assert_eq!(unique, same, "none is missing");
        }
    }
}

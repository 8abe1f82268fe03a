//! Products: the catalogue, their pages, and what administrators change.

use sijang_domain::{Description, ProductId, ProductPatch, ProductStatus, Rejection, Shortage, Stock};
use sijang_testkit::shop::{Shop, id_in, name, pages, race, won};

fn status(status: ProductStatus) -> ProductPatch {
    ProductPatch { status: Some(status), ..ProductPatch::default() }
}

async fn listed(shop: &Shop) -> Vec<String> {
    let page = shop.store.catalogue(None, 100, None, shop.now()).await.unwrap();
    page.data.into_iter().map(|product| product.name.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_new_product_is_listed_and_has_a_page() {
    let shop = Shop::open().await;
    let before = shop.snapshot().await;
    let tea = shop.named_product("Tea", 1_500, 7).await;
    assert_eq!(
        shop.snapshot().await.effects_since(&before),
        ["+ events", "+ products", "+ products", "+ staff-actions"]
    );
    let page = shop.page_of(tea).await;
    assert_eq!((page.name.as_str(), page.price, page.stock.units()), ("Tea", won(1_500), 7));
    assert_eq!(page.status, ProductStatus::Active);
    let summary = &shop.store.catalogue(None, 100, None, shop.now()).await.unwrap().data[0];
    assert_eq!((summary.product_id, summary.price, summary.stock), (tea, won(1_500), page.stock));
}

#[tokio::test]
async fn a_product_is_created_once_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let tea = shop.create_product("Tea", 1_500, 7).key("k");
    let first = tea.clone().done().await;
    assert_eq!(tea.again().replayed().await, first);
    let other = shop.create_product("Tea", 1_501, 7).key("k");
    assert_eq!(other.rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test]
async fn the_catalogue_is_paged_by_name() {
    let shop = Shop::open().await;
    // One name twice, one that begins another, and names in upper case and Hangul.
    let names = ["apple", "Banana", "cherry", "cherry", "date", "date #2", "감귤", "사과"];
    for name in [3, 0, 7, 2, 6, 1, 5, 4].map(|position| names[position]) {
        shop.named_product(name, 1_000, 1).await;
    }
    assert_eq!(listed(&shop).await, names);
    let all = shop.store.catalogue(None, 100, None, shop.now()).await.unwrap().data;
    for limit in 1..=9 {
        let pages = pages(|after| shop.store.catalogue(None, limit, after, shop.now())).await;
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
        assert_eq!(pages.concat(), all, "pages of {limit}");
    }
}

#[tokio::test]
async fn products_are_found_by_name_prefix_in_any_case() {
    let shop = Shop::open().await;
    for name in ["Green tea", "green apple", "GREENERY", "Gr", "evergreen", "greeN tea"] {
        shop.named_product(name, 1_000, 1).await;
    }
    let prefix = name("gREEn");
    for limit in 1..=5 {
        let pages = pages(|after| shop.store.catalogue(Some(&prefix), limit, after, shop.now())).await;
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
        let names: Vec<_> = pages.iter().flatten().map(|product| product.name.as_str()).collect();
        assert_eq!(names, ["green apple", "Green tea", "greeN tea", "GREENERY"], "pages of {limit}");
    }
}

#[tokio::test]
async fn an_inactive_product_is_not_listed_but_its_page_can_be_read() {
    let shop = Shop::open().await;
    let tea = shop.named_product("Tea", 1_500, 7).await;
    shop.update(tea, status(ProductStatus::Inactive)).done().await;
    assert!(listed(&shop).await.is_empty());
    assert_eq!(shop.page_of(tea).await.status, ProductStatus::Inactive);
    shop.update(tea, status(ProductStatus::Active)).done().await;
    assert_eq!(listed(&shop).await, ["Tea"]);
}

#[tokio::test]
async fn inactive_products_are_listed_by_name_with_price_and_stock() {
    let shop = Shop::open().await;
    shop.named_product("Green apple", 1_000, 1).await;
    for (title, shards) in [("green tea", 1), ("Coffee", 1), ("Greenery", 4), ("Tea", 1)] {
        let product = shop.named_product(title, 1_500, 8).await;
        shop.reshard(product, shards).done().await;
        shop.update(product, status(ProductStatus::Inactive)).done().await;
    }
    let inactive = async |prefix: Option<&str>, limit: usize| {
        let prefix = prefix.map(name);
        let page = |after| {
            let now = shop.now();
            shop.store.products_by_status(ProductStatus::Inactive, prefix.as_ref(), limit, after, now)
        };
        let products = pages(page).await.concat();
        assert!(products.iter().all(|product| (product.price, product.stock.units()) == (won(1_500), 8)));
        products.into_iter().map(|product| product.name.as_str().to_owned()).collect::<Vec<_>>()
    };
    for limit in 1..=5 {
        assert_eq!(inactive(None, limit).await, ["Coffee", "green tea", "Greenery", "Tea"], "pages of {limit}");
        assert_eq!(inactive(Some("GREEN"), limit).await, ["green tea", "Greenery"], "pages of {limit}");
    }
    assert_eq!(listed(&shop).await, ["Green apple"]);
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_nothing_else() {
    let shop = Shop::open().await;
    let tea = shop.named_product("Tea", 1_500, 7).await;
    shop.named_product("Milk", 900, 1).await;
    let description = Description::parse("green").unwrap();
    let patch = ProductPatch { description: Some(description.clone()), ..ProductPatch::default() };
    shop.update(tea, patch).done().await;
    shop.update(tea, ProductPatch { name: Some(name("Apple tea")), ..ProductPatch::default() }).done().await;
    let page = shop.page_of(tea).await;
    assert_eq!((page.name.as_str(), page.description, page.price), ("Apple tea", description, won(1_500)));
    assert_eq!((page.stock.units(), page.status), (7, ProductStatus::Active));
    assert_eq!(listed(&shop).await, ["Apple tea", "Milk"]);
}

#[tokio::test]
async fn a_new_price_is_on_the_page_and_in_the_catalogue() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, 7).await;
    shop.reprice(tea, 1_600).done().await;
    assert_eq!(shop.page_of(tea).await.price, won(1_600));
    assert_eq!(shop.store.catalogue(None, 1, None, shop.now()).await.unwrap().data[0].price, won(1_600));
}

#[tokio::test]
async fn a_replayed_update_is_answered_byte_for_byte_and_not_made_again() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, 7).await;
    let update = shop.reprice(tea, 1_600);
    let first = update.clone().done().await;
    shop.reprice(tea, 1_700).done().await;
    assert_eq!(update.again().replayed().await, first);
    assert_eq!(shop.page_of(tea).await.price, won(1_700));
    shop.reprice(tea, 1_800).key("k").done().await;
    assert_eq!(shop.reprice(tea, 1_801).key("k").rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_who_change_a_product_at_once_do_not_undo_each_other() {
    let shop = Shop::open().await;
    for _ in 0..5 {
        let tea = shop.product(1_500, 7).await;
        let patches = [
            ProductPatch { name: Some(name("Green tea")), ..ProductPatch::default() },
            ProductPatch { description: Some(Description::parse("fresh").unwrap()), ..ProductPatch::default() },
            ProductPatch { price: Some(won(1_600)), ..ProductPatch::default() },
            status(ProductStatus::Inactive),
        ];
        for update in race(patches.map(|patch| shop.update(tea, patch))).await {
            update.unwrap();
        }
        let page = shop.page_of(tea).await;
        assert_eq!((page.name.as_str(), page.description.as_str()), ("Green tea", "fresh"));
        assert_eq!((page.price, page.status), (won(1_600), ProductStatus::Inactive));
    }
}

#[tokio::test]
async fn units_are_added_and_taken() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, 7).await;
    let before = shop.snapshot().await;
    shop.adjust(tea, 5).done().await;
    assert_eq!(
        shop.snapshot().await.effects_since(&before),
        ["+ events", "+ staff-actions", "~ products", "~ products"]
    );
    assert_eq!(shop.stock(tea).await, 12);
    shop.adjust(tea, -12).done().await;
    assert_eq!(shop.stock(tea).await, 0);
    shop.check().await;
}

#[tokio::test]
async fn no_more_units_are_taken_than_there_are() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, 7).await;
    let shortages = vec![Shortage { product_id: tea, requested: 8, available: 7 }];
    assert_eq!(shop.adjust(tea, -8).rejected().await, Rejection::InsufficientStock { shortages });
}

#[tokio::test]
async fn stock_may_reach_its_limit_but_not_pass_it() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, i64::from(Stock::MAX) - 5).await;
    let (stock, limit) = (Stock::MAX - 5, Stock::MAX);
    assert_eq!(shop.adjust(tea, 6).rejected().await, Rejection::StockLimitExceeded { stock, limit });
    shop.adjust(tea, 5).done().await;
    assert_eq!(shop.stock(tea).await, Stock::MAX);
}

#[tokio::test]
async fn a_replayed_adjustment_is_not_made_again() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, 7).await;
    let adjustment = shop.adjust(tea, -7);
    let first = adjustment.clone().done().await;
    // It would be rejected now, had it not been made.
    assert_eq!(adjustment.again().replayed().await, first);
    shop.adjust(tea, 1).key("k").done().await;
    assert_eq!(shop.adjust(tea, 2).key("k").rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test]
async fn a_product_that_does_not_exist_is_not_found() {
    let shop = Shop::open().await;
    let nothing: ProductId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    assert_eq!(shop.adjust(nothing, 1).rejected().await, Rejection::ProductNotFound);
    assert_eq!(shop.adjust(nothing, -1).rejected().await, Rejection::ProductNotFound);
    assert_eq!(shop.reprice(nothing, 1).rejected().await, Rejection::ProductNotFound);
    assert_eq!(
        sijang_testkit::shop::rejection(shop.store.product(nothing, shop.now()).await),
        Rejection::ProductNotFound
    );
}

#[tokio::test]
async fn products_are_read_by_the_hundred_and_missing_ones_left_out() {
    let shop = Shop::open().await;
    let mut ids: Vec<ProductId> = vec!["01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()];
    for number in 0..101 {
        ids.push(id_in(&shop.create_product(&format!("no. {number}"), number, 1).done().await, "product_id"));
    }
    let products = shop.store.products(&ids, shop.now()).await.unwrap();
    assert_eq!(products.len(), 101);
    assert_eq!(products[&ids[101]].price, won(100));
}

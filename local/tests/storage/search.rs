//! Search in the catalogue: what an environment caches of it, and what it reads when it is asked.

use serde_json::{Value, json};
use sijang_cloud::faults::{Faults, Proxy};
use sijang_domain::{
    CategoryCount, Description, FieldChange, FieldPatch, ImageUrl, Label, ProductDetails, ProductDetailsPatch,
    ProductDraft, ProductHits, ProductId, ProductPatch, ProductSearch, ProductSort, ProductStatus, ProductSummary,
    Stock, Timestamp,
};
use sijang_testkit::shop::{Shop, after, at, id_in, name, won};

use crate::{
    reconciliation::deliver,
    support::{Handlers, shop_of_today},
};

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn details() -> ProductDetails {
    ProductDetails {
        category: Some(label("차")),
        family: Some(name("보성 녹차")),
        size: Some(label("40g")),
        image_url: Some(ImageUrl::parse("https://cdn.example.com/tea.webp").unwrap()),
        name_en: Some(name("Boseong green tea 40g")),
    }
}

async fn tea(shop: &Shop) -> ProductId {
    let (description, price, stock) = (Description::default(), won(900), Stock::counted(7));
    let draft = ProductDraft { name: name("보성 녹차 40g"), description, price, stock, details: details() };
    id_in(&shop.create(draft).done().await, "product_id")
}

fn sorted(sort: ProductSort) -> ProductSearch {
    ProductSearch { sort, ..ProductSearch::default() }
}

/// The products that a search finds at this time.
async fn found_at(shop: &Shop, now: Timestamp, search: &ProductSearch) -> ProductHits<ProductSummary> {
    shop.store.search_products(search, 100, None, now).await.unwrap()
}

/// Names and prices, in the order of the list.
fn shown(hits: &ProductHits<ProductSummary>) -> Vec<(&str, i64)> {
    hits.page.data.iter().map(|product| (product.name.as_str(), product.price.minor())).collect()
}

#[tokio::test]
async fn details_of_a_product_are_on_its_page_and_in_every_list() {
    let shop = Shop::open().await;
    let began = shop.now();
    let tea = tea(&shop).await;
    shop.named_product("우유", 500, 1).await;
    assert_eq!(shop.page_of(tea).await.details, details());
    let listed = shop.store.catalogue(None, 100, None, shop.now()).await.unwrap().data;
    assert_eq!(
        listed.iter().map(|product| &product.details).collect::<Vec<_>>(),
        [&details(), &ProductDetails::default()]
    );
    let search =
        ProductSearch { text: Some(name("GREEN T")), category: Some(label("차")), ..ProductSearch::default() };
    let hits = found_at(&shop, began, &search).await;
    assert_eq!(hits.page.data, listed[..1]);
    assert_eq!((hits.total, hits.categories), (1, vec![CategoryCount { category: label("차"), count: 1 }]));
}

#[tokio::test]
async fn patch_removes_and_replaces_details_and_keeps_the_others() {
    let shop = Shop::open().await;
    let tea = tea(&shop).await;
    let patch = ProductDetailsPatch {
        size: FieldPatch::Remove,
        category: FieldPatch::Set(label("음료")),
        ..ProductDetailsPatch::default()
    };
    shop.update(tea, ProductPatch { details: patch, ..ProductPatch::default() }).done().await;
    let expected = ProductDetails { size: None, category: Some(label("음료")), ..details() };
    assert_eq!(shop.page_of(tea).await.details, expected);
    shop.reprice(tea, 800).done().await;
    assert_eq!(shop.page_of(tea).await.details, expected);
    let actions = shop.store.staff_actions(sijang_domain::Day::of(shop.now()), 100, None).await.unwrap().data;
    let changes = [
        FieldChange::from_to("category", "차", "음료"),
        FieldChange { field: "size".to_owned(), before: Some("40g".to_owned()), ..FieldChange::default() },
    ];
    assert!(actions.iter().any(|action| action.changes == changes), "{actions:?}");
}

#[tokio::test]
async fn search_shows_prices_of_now_and_sorts_by_cached_ones() {
    let shop = Shop::open().await;
    let began = shop.now();
    let cheap = shop.named_product("cheap", 100, 1).await;
    shop.named_product("dear", 200, 1).await;
    let search = sorted(ProductSort::Price);
    assert_eq!(shown(&found_at(&shop, began, &search).await), [("cheap", 100), ("dear", 200)]);
    shop.reprice(cheap, 300).done().await;
    shop.named_product("new", 250, 1).await;
    assert_eq!(shown(&found_at(&shop, after(began, 29), &search).await), [("cheap", 300), ("dear", 200)]);
    let expected = [("dear", 200), ("new", 250), ("cheap", 300)];
    assert_eq!(shown(&found_at(&shop, after(began, 30), &search).await), expected);
    assert_eq!(shown(&found_at(&shop.another_environment(), began, &search).await), expected);
}

#[tokio::test]
async fn search_leaves_out_what_was_taken_off_sale_since() {
    let shop = Shop::open().await;
    let began = shop.now();
    let tea = shop.named_product("tea", 100, 1).await;
    shop.named_product("milk", 200, 1).await;
    let search = sorted(ProductSort::Newest);
    assert_eq!(found_at(&shop, began, &search).await.page.data.len(), 2);
    let inactive = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
    shop.update(tea, inactive).done().await;
    assert_eq!(shown(&found_at(&shop, after(began, 1), &search).await), [("milk", 200)]);
    assert_eq!(found_at(&shop, after(began, 30), &search).await.total, 1);
}

#[tokio::test]
async fn popular_products_are_those_of_the_newest_ranking() {
    let shop = Shop::open().await;
    let mut products = Vec::new();
    for title in ["a", "b", "c", "d"] {
        products.push(shop.named_product(title, 100, 50).await);
    }
    let alice = shop.customer("alice").with_balance(10_000).await;
    alice.order([(products[2], 3), (products[1], 7)]).done().await;
    deliver(&shop).await;
    let scheduled = at("2026-11-21T15:10:00Z");
    shop.store.aggregate(scheduled, scheduled).await.unwrap();
    let hits = shop.store.search_products(&sorted(ProductSort::Popular), 100, None, scheduled).await.unwrap();
    assert_eq!(shown(&hits), [("b", 100), ("c", 100), ("a", 100), ("d", 100)]);
}

#[tokio::test]
async fn requests_at_once_read_the_catalogue_once() {
    let shop = Shop::open().await;
    shop.named_product("tea", 100, 1).await;
    let faults = Faults::none();
    faults.measure();
    let proxy = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
    let environment = shop.through(&proxy.endpoint());
    let searches = (0..8).map(|_| {
        let environment = environment.clone();
        async move { found_at(&environment, environment.now(), &sorted(ProductSort::Name)).await.total }
    });
    assert_eq!(futures::future::join_all(searches).await, [1; 8]);
    let queries = faults.calls().iter().filter(|call| call.operation == "Query").count();
    assert_eq!(queries, 2, "the catalogue and the ranking");
}

#[tokio::test]
async fn search_is_asked_for_by_parameters_and_paged_by_its_own_cursor() {
    let shop = shop_of_today().await;
    tea(&shop).await;
    for (title, price) in [("우유", 500), ("치즈", 900)] {
        shop.named_product(title, price, 1).await;
    }
    let handlers = Handlers::of(&shop).await;
    let list = async |query: &str| handlers.answer_to("list-products", json!({"rawQueryString": query})).await;
    let names = |page: &Value| {
        let products = page["data"].as_array().unwrap().iter();
        products.map(|product| product["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (status, first) = list("sort=price-desc&limit=1").await;
    assert_eq!((status, &first["total"], names(&first)), (200, &json!(3), vec!["보성 녹차 40g".to_owned()]));
    assert_eq!(first["categories"], json!([{"category": "차", "count": 1}]));
    let cursor = first["next_cursor"].as_str().unwrap();
    let (status, second) = list(&format!("sort=price-desc&limit=2&cursor={cursor}")).await;
    assert_eq!((status, names(&second)), (200, vec!["치즈".to_owned(), "우유".to_owned()]));
    for other in
        ["", "sort=price", "sort=price-desc&q=a", "sort=price-desc&category=a", "sort=price-desc&name_prefix=a"]
    {
        let (status, problem) = list(&format!("{other}&limit=1&cursor={cursor}")).await;
        assert_eq!((status, &problem["code"]), (400, &json!("invalid-cursor")), "{other}");
    }
    let (_, all) = list("").await;
    assert_eq!((all.get("total"), all.get("categories")), (None, None));
    assert_eq!(list("q=&category=&sort=").await.1, all, "empty filters select nothing");
    for (query, parameter) in
        [("sort=best", "sort"), ("sort=NAME", "sort"), ("q=%20", "q"), ("category=%20", "category")]
    {
        let (status, problem) = list(query).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (400, &json!(parameter)), "{query}");
    }
    let (_, problem) = list("sort=best").await;
    assert_eq!(problem["errors"][0]["detail"], "must be name, price, price-desc, newest or popular");
}

#[tokio::test]
async fn null_removes_a_field_in_a_patch_and_is_rejected_in_a_draft() {
    let shop = shop_of_today().await;
    let tea = tea(&shop).await.to_string();
    let handlers = Handlers::of(&shop).await;
    let send = async |operation: &str, key: &str, body: Value| {
        let claims = json!({"sub": "admin", "scope": "shop/admin"});
        let event = json!({
            "headers": {"idempotency-key": key}, "pathParameters": {"product_id": tea}, "body": body.to_string(),
            "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
        });
        handlers.answer_to(operation, event).await
    };
    let draft = |field: &str, value: Value| {
        let mut draft = json!({"name": "tea", "price": {"amount": 1, "currency": "KRW"}, "stock": 1});
        draft[field] = value;
        draft
    };
    let long = "a".repeat(41);
    for (field, bad) in [
        ("category", json!(long)),
        ("size", json!("")),
        ("family", json!(" ")),
        ("name_en", json!(null)),
        ("image_url", json!("http://cdn.example.com/tea.webp")),
    ] {
        let (status, problem) = send("create-product", field, draft(field, bad)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!(format!("/{field}"))));
    }
    let (status, changed) = send("update-product", "a", json!({"size": null, "name_en": "Tea"})).await;
    assert_eq!((status, changed.get("size"), &changed["name_en"]), (200, None, &json!("Tea")));
    assert_eq!(changed["image_url"], "https://cdn.example.com/tea.webp");
    let (status, problem) = send("update-product", "b", json!({"name": null})).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("/name")));
}

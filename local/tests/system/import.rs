//! `./local/shop import`: products from a CSV file, through the routes of staff.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Output, Stdio},
    sync::Arc,
    time::Duration,
};

use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cloud::layout::Repository;
use sijang_testkit::http::{Shop, krw, text};
use tempfile::TempDir;
use tokio::process::Command;
use ulid::Ulid;

use crate::world::{World, eventually, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, an_import_that_is_killed_and_repeated_creates_nothing_twice),
        named!(trial, world, wrong_rows_are_named_and_too_many_send_nothing),
    ]
}

/// `./local/shop import`.
fn import(shop: &Shop, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(Repository::find().unwrap().root().join("local/shop"));
    command.arg("import").args(arguments).current_dir(folder);
    command.env("SIJANG_STATE", shop.stack().state().running().parent().unwrap()).kill_on_drop(true);
    command
}

/// The exit status and the report of `./local/shop import products.csv --json`.
async fn report(shop: &Shop, folder: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["products.csv", "--json"], arguments].concat();
    let Output { status, stdout, stderr } = import(shop, folder, &arguments).output().await.unwrap();
    let report = serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr)));
    (status.code(), report)
}

/// The products on sale whose names begin so.
async fn products(shop: &Shop, prefix: &str) -> Vec<Value> {
    shop.nobody().all(&format!("/v1/products?name_prefix={prefix}"), 100).await
}

async fn an_import_that_is_killed_and_repeated_creates_nothing_twice(shop: Shop) {
    const ROWS: u64 = 40;
    let (folder, prefix, existing) =
        (TempDir::new().unwrap(), Ulid::generate().to_string(), shop.product(100, 5).await);
    let mut csv = format!("product_id,name,price,stock,reason\n{existing},,90,,sale\n");
    for row in 0..ROWS {
        writeln!(csv, ",{prefix} {row:02},1000,{row},spring").unwrap();
    }
    let file = folder.path().join("products.csv");
    std::fs::write(&file, csv).unwrap();

    let (status, dry) = report(&shop, folder.path(), &["--dry-run"]).await;
    let expected = json!({"created": ROWS, "changed": 1, "unchanged": 0, "failed": [], "not_sent": 0, "dry_run": true});
    assert_eq!((status, dry), (Some(0), expected));
    assert_eq!(products(&shop, &prefix).await, Vec::<Value>::new());

    // `exec` makes the program the process that is killed.
    let killed =
        import(&shop, folder.path(), &[file.to_str().unwrap()]).stderr(Stdio::null()).stdout(Stdio::null()).spawn();
    let mut killed = killed.unwrap();
    let some = async || (!products(&shop, &prefix).await.is_empty()).then_some(());
    eventually("the first products", Duration::from_mins(1), some).await;
    killed.kill().await.unwrap();

    let (status, first) = report(&shop, folder.path(), &[]).await;
    let count = |report: &Value, name: &str| report[name].as_u64().unwrap();
    assert_eq!((status, &first["failed"]), (Some(0), &json!([])));
    assert_eq!(count(&first, "created") + count(&first, "changed") + count(&first, "unchanged"), ROWS + 1);
    assert!(count(&first, "unchanged") > 0, "{first}");
    let (status, again) = report(&shop, folder.path(), &[]).await;
    assert_eq!((status, count(&again, "unchanged")), (Some(0), ROWS + 1));

    let listed = eventually("all products in the list", Duration::from_secs(30), async || {
        let listed = products(&shop, &prefix).await;
        (listed.len() as u64 >= ROWS).then_some(listed)
    });
    let names: Vec<String> = listed.await.iter().map(|product| text(&product["name"])).collect();
    assert_eq!(names, (0..ROWS).map(|row| format!("{prefix} {row:02}")).collect::<Vec<_>>());
    assert_eq!(shop.nobody().get(&format!("/v1/products/{existing}")).await.value(200)["price"], krw(90));
}

async fn wrong_rows_are_named_and_too_many_send_nothing(shop: Shop) {
    let (folder, prefix) = (TempDir::new().unwrap(), Ulid::generate().to_string());
    let unknown = Ulid::generate();
    let csv =
        format!("product_id,name,price,stock\n,{prefix} a,1,1\n,{prefix} b,x,1\n{unknown},,5,\n,{prefix} c,1,1\n");
    std::fs::write(folder.path().join("products.csv"), csv).unwrap();
    let wrong = json!({"line": 3, "errors": [{"column": "price", "why": "has the wrong form"}]});

    let (status, stopped) = report(&shop, folder.path(), &[]).await;
    let expected =
        json!({"created": 0, "changed": 0, "unchanged": 0, "failed": [wrong], "not_sent": 3, "dry_run": false});
    assert_eq!((status, stopped), (Some(1), expected));
    assert_eq!(products(&shop, &prefix).await, Vec::<Value>::new());

    let (status, sent) = report(&shop, folder.path(), &["--max-errors", "50", "--failed", "failed.csv"]).await;
    let absent =
        json!({"line": 4, "errors": [{"column": null, "why": "product-not-found: There is no such product."}]});
    let expected =
        json!({"created": 2, "changed": 0, "unchanged": 0, "failed": [wrong, absent], "not_sent": 0, "dry_run": false});
    assert_eq!((status, sent), (Some(1), expected));
    let failed = std::fs::read_to_string(folder.path().join("failed.csv")).unwrap();
    assert_eq!(failed, format!("product_id,name,price,stock\n,{prefix} b,x,1\n{unknown},,5,\n"));
}

//! Size, time and memory of the files of a day: `cargo run --release -p sijang-platform --example sizes`.
//!
//! It writes the files of one partition of the facts from facts in memory, as the export does. Numbers of orders can be given.

use std::{env, error::Error, fs, time::Instant};

use sijang_domain::{
    CouponId, FactDetails, Money, OrderId, ProductId, ProductVersion, SaleFact, SaleKind, SaleLine, Timestamp, UserId,
};
use sijang_platform::{ParquetWriter, PseudonymKey, Table, fact_rows};

/// Products and customers of the day.
const PRODUCTS: u128 = 1_000;
const CUSTOMERS: u128 = 100_000;
/// Noon on 21 November 2026 in Seoul; the orders come within ten hours from there.
const NOON: i64 = 1_795_230_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let sizes: Vec<u64> = env::args().skip(1).map(|size| size.parse()).collect::<Result<_, _>>()?;
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    println!("| orders | seconds | orders, bytes each | order_lines, bytes each | MB | peak memory, MiB |");
    println!("|---|---|---|---|---|---|");
    for size in sizes {
        measure(size)?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)]
fn measure(size: u64) -> Result<(), Box<dyn Error>> {
    let key = PseudonymKey::new(&"k".repeat(64)).ok_or("the key is too short")?;
    let began = Instant::now();
    let (mut orders, mut lines) = (ParquetWriter::create(Table::Orders)?, ParquetWriter::create(Table::OrderLines)?);
    for number in 0..size {
        let (order, order_lines) = fact_rows(&fact(number, size)?, &key);
        orders.push(order)?;
        for line in order_lines {
            lines.push(line)?;
        }
    }
    let (orders, lines) = (orders.finish()?, lines.finish()?);
    let each = |bytes: u64| bytes as f64 / size as f64;
    let (seconds, megabytes) = (began.elapsed().as_secs_f64(), (orders.bytes + lines.bytes) as f64 / 1e6);
    let (of_orders, of_lines) = (each(orders.bytes), each(lines.bytes));
    println!("| {size} | {seconds:.2} | {of_orders:.1} | {of_lines:.1} | {megabytes:.1} | {} |", peak()?);
    Ok(())
}

/// An order of two lines, every fifth with a coupon. Identifiers end in the digits of a hash, as random ones do.
fn fact(number: u64, of: u64) -> Result<SaleFact, Box<dyn Error>> {
    let random = u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 16 ^ u128::from(number);
    let ten_hours = 36_000_000;
    let paid_at = Timestamp::from_millis(NOON + i64::try_from(number * ten_hours / of)?).map_err(|_| "a wrong time")?;
    let product = |n: u128| ProductId::new(Timestamp::EPOCH, n % PRODUCTS);
    let price = |n: u128| Money::new(900 + 1_000 * i64::try_from(n % 20).unwrap_or_default());
    let lines = [(random, 1), (random >> 7, 2)];
    let lines = lines.map(|(n, units)| {
        let unit_price = price(n).map_err(|_| "a wrong price")?;
        Ok(SaleLine { product_id: product(n), units, unit_price, product_version: Some(ProductVersion::FIRST) })
    });
    let coupon_id = number.is_multiple_of(5).then(|| CouponId::new(Timestamp::EPOCH, 1));
    let discount = Money::new(if coupon_id.is_some() { 500 } else { 0 }).map_err(|_| "a wrong discount")?;
    Ok(SaleFact {
        order_id: OrderId::new(paid_at, random),
        user_id: Some(UserId::parse(&format!("customer-{}", random % CUSTOMERS)).map_err(|_| "a wrong user")?),
        kind: SaleKind::Sale,
        day: sijang_domain::Day::of(paid_at),
        lines: lines.into_iter().collect::<Result<_, &str>>()?,
        details: Some(FactDetails { discount, coupon_id, occurred_at: paid_at }),
    })
}

/// The most memory that this process has had, in MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
}

//! Size, time and memory of the files of a day: `./local/shop bench platform`.
//!
//! It writes the files of a day from facts in memory, as the export does, and then again, which must make the same bytes.
//! Numbers of orders can be given.

use std::{env, error::Error, fs, time::Instant};

use sijang_domain::{
    CouponId, Day, DayTotals, FactDetails, Money, OrderId, ProductId, ProductVersion, SaleFact, SaleKind, SaleLine,
    Timestamp, UserId,
};
use sijang_platform::{ParquetFile, PseudonymKey, ShardFiles, ShardWriter, Table, totals_file};

/// Products and customers of the day.
const PRODUCTS: u128 = 1_000;
const CUSTOMERS: u128 = 100_000;
/// Noon on 21 November 2026 in Seoul; the orders come within ten hours from there.
const NOON: i64 = 1_795_230_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let sizes: Vec<u64> = env::args().skip(1).map(|size| size.parse()).collect::<Result<_, _>>()?;
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    let mut files = Vec::new();
    println!(
        "| orders | seconds | CPU, s | orders in a CPU second | bytes of an order | MB of all files | peak memory, MiB |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in sizes {
        files.push((size, measure(size)?));
    }
    println!("\n| orders | files | smallest, bytes | largest, bytes |\n|---|---|---|---|");
    for (size, day) in &files {
        for table in Table::ALL {
            let bytes = || day.iter().filter(|file| file.table == table).map(|file| file.bytes);
            let (least, most) = (bytes().min().unwrap_or_default(), bytes().max().unwrap_or_default());
            println!("| {size} | {} of `{}` | {least} | {most} |", table.parts(), table.name());
        }
    }
    Ok(())
}

/// The properties of a file that are compared.
#[derive(PartialEq, Eq)]
struct Written {
    table: Table,
    bytes: u64,
    sha256: [u8; 32],
}

impl Written {
    fn of(table: Table, file: &ParquetFile) -> Self {
        Self { table, bytes: file.bytes, sha256: file.sha256 }
    }
}

#[allow(clippy::cast_precision_loss)]
fn measure(size: u64) -> Result<Vec<Written>, Box<dyn Error>> {
    // From here on the peak is counted anew.
    fs::write("/proc/self/clear_refs", "5")?;
    let (began, idle) = (Instant::now(), cpu()?);
    let files = write_day(size)?;
    let (seconds, cpu, peak) = (began.elapsed().as_secs_f64(), cpu()? - idle, peak()?);
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let (rate, each, megabytes) = (size as f64 / cpu, bytes as f64 / size as f64, bytes as f64 / 1e6);
    println!("| {size} | {seconds:.2} | {cpu:.2} | {rate:.0} | {each:.1} | {megabytes:.1} | {peak} |");
    if write_day(size)? != files {
        return Err("the same facts made other bytes".into());
    }
    Ok(files)
}

/// The files of a day of so many orders. Two are on disk at a time, as in the export.
fn write_day(size: u64) -> Result<Vec<Written>, Box<dyn Error>> {
    let key = PseudonymKey::new(&"k".repeat(64)).ok_or("the key is too short")?;
    let (mut files, mut totals) = (Vec::new(), DayTotals::default());
    for shard in 0..SaleFact::SHARDS {
        let mut writer = ShardWriter::create()?;
        for number in (u64::from(shard)..size).step_by(SaleFact::SHARDS.into()) {
            let fact = fact(number, size)?;
            totals.count(fact.kind, &fact.lines, fact.coupon_id());
            writer.push(&fact, &key)?;
        }
        let ShardFiles { orders, lines } = writer.finish()?;
        files.extend([Written::of(Table::Orders, &orders), Written::of(Table::OrderLines, &lines)]);
    }
    files.push(Written::of(Table::ProductDays, &totals_file(&totals)?));
    Ok(files)
}

/// Digits that look random (`SplitMix64`).
fn random(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// An order of two lines, every fifth with a coupon. The last digits of its identifier choose the shard.
fn fact(number: u64, of: u64) -> Result<SaleFact, Box<dyn Error>> {
    let shards = u64::from(SaleFact::SHARDS);
    let last_digits = random(!number) % 65_536 / shards * shards + number % shards;
    let random = u128::from(random(number)) << 16 | u128::from(last_digits);
    let ten_hours = 36_000_000;
    let paid_at = Timestamp::from_millis(NOON + i64::try_from(number * ten_hours / of)?).map_err(|_| "a wrong time")?;
    let product = |n: u128| ProductId::new(Timestamp::EPOCH, n % PRODUCTS);
    let price = |n: u128| Money::new(900 + 1_000 * i64::try_from(n % 20).unwrap_or_default());
    let lines = [(random >> 20, 1), (random >> 40, 2)];
    let lines = lines.map(|(n, units)| {
        let unit_price = price(n).map_err(|_| "a wrong price")?;
        Ok(SaleLine { product_id: product(n), units, unit_price, product_version: Some(ProductVersion::FIRST) })
    });
    let coupon_id = number.is_multiple_of(5).then(|| CouponId::new(Timestamp::EPOCH, 1));
    let discount = Money::new(if coupon_id.is_some() { 500 } else { 0 }).map_err(|_| "a wrong discount")?;
    Ok(SaleFact {
        order_id: OrderId::new(paid_at, random),
        user_id: Some(UserId::parse(&format!("customer-{}", (random >> 30) % CUSTOMERS)).map_err(|_| "a wrong user")?),
        kind: SaleKind::Sale,
        day: Day::of(paid_at),
        lines: lines.into_iter().collect::<Result<_, &str>>()?,
        details: Some(FactDetails { discount, coupon_id, occurred_at: paid_at }),
    })
}

/// Seconds of CPU that this process has used, of which Linux counts hundredths.
fn cpu() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/stat")?;
    // After the name in parentheses: the 12th and 13th are user and system time.
    let (_, fields) = status.rsplit_once(')').ok_or("no name")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(times.sum::<Result<u32, _>>().map(f64::from)? / 100.0)
}

/// The most memory that this process has had since it was reset, in MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1_024)
}

//! `./local/bench profiles`: what each way of compiling makes of place-order, in size, start and work. The one that is
//! deployed is compiled already; every other is compiled here with all that it stands on, for minutes, in a folder that
//! is removed again.

use std::{fs, path::Path, process::Command as Program};

use sijang_local::{progress::Progress, python};
use tokio::process::Command;

use crate::{
    cold::{self, Starts},
    contender::{Contender, Contenders, Operation},
    own,
    report::{Report, Table, ratio},
    usage::load,
};

/// As `[profile.release]` has it.
const DEPLOYED: &str = "as deployed: fat LTO, opt-level 3, unwind";
/// What else it could have, by what is different then.
const OTHERS: [(&str, &str); 4] = [
    ("thin LTO", "lto='thin'"),
    ("no LTO", "lto='off'"),
    ("opt-level s", "opt-level='s'"),
    ("panic = abort", "panic='abort'"),
];
/// Beside these another allocator than that of the C library, without compiling anything.
const ALLOCATOR: &str = "as deployed, with mimalloc before it";

pub async fn measure(contenders: &Contenders, sample: (usize, usize), progress: Progress, report: &mut Report) {
    let (rounds, requests) = sample;
    let deployed = contenders.repository.target().join("release/place-order");
    let mut ways = vec![contenders.built(DEPLOYED, Operation::PlaceOrder, deployed.clone())];
    for (name, setting) in OTHERS {
        let program = contenders.folder.join(format!("place-order {name}"));
        let compiled = compile(contenders, setting, &program);
        progress.step("profiles", &format!("compiling: {name}"), compiled).await.unwrap();
        ways.push(contenders.built(name, Operation::PlaceOrder, program));
    }
    let allocator = preloaded("libmimalloc.so");
    if let Some(library) = &allocator {
        let mut way = contenders.built(ALLOCATOR, Operation::PlaceOrder, deployed);
        way.variables.push(("LD_PRELOAD".to_owned(), library.clone()));
        ways.push(way);
    }
    let before = load();
    let starts = starts(contenders, &ways, rounds).await;
    let all: Vec<_> = ways.iter().collect();
    let costs = own::Place::open(&contenders.folder).await.costs(&all, requests, progress).await;
    let head =
        ["", "MB", "zipped, MB", "CPU of a start, ms", "CPU of an order, us", "of ours", "instructions", "allocations"];
    let mut table = Table::new("place-order, compiled", &head);
    for ((way, starts), cost) in ways.iter().zip(&starts).zip(&costs) {
        let (plain, zipped) = cold::sizes(way).await;
        let [instructions, allocations, _] = cost.counted();
        table.row([
            way.name.to_owned(),
            format!("{plain:.2}"),
            format!("{zipped:.2}"),
            format!("{:.1}", starts.cpu),
            format!("{:.0}", cost.cpu),
            ratio(cost.cpu, costs[0].cpu),
            instructions,
            allocations,
        ]);
    }
    if let Some(library) = allocator {
        table.note(format!("the allocator is {library}, loaded dynamically: that is part of its start"));
    } else {
        table.note("mimalloc: SKIPPED, this machine has no libmimalloc.so");
    }
    table.note(format!(
        "{rounds} starts over TLS and {requests} orders of each, in turns; medians and quartiles; load {before} to {}",
        load()
    ));
    report.add(table);
}

async fn starts(contenders: &Contenders, ways: &[Contender], rounds: usize) -> Vec<Starts> {
    let mut place = cold::Place::open(&contenders.folder).await;
    let mut starts: Vec<_> = ways.iter().map(|_| Starts::default()).collect();
    for _ in 0..rounds {
        for (way, starts) in ways.iter().zip(&mut starts) {
            place.start(way, starts).await;
        }
    }
    starts
}

/// Compiles place-order with another setting of the release profile.
async fn compile(contenders: &Contenders, setting: &str, program: &Path) -> anyhow::Result<()> {
    let target = contenders.folder.join("profiles");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--release", "--workspace", "--locked", "--bin", "place-order"])
        .arg(format!("--config=profile.release.{setting}"))
        .arg("--target-dir")
        .arg(&target)
        .current_dir(contenders.repository.root());
    python::run(&mut cargo).await?;
    fs::copy(target.join("release/place-order"), program)?;
    fs::remove_dir_all(target)?;
    Ok(())
}

/// The file of a library, where the loader finds it.
fn preloaded(library: &str) -> Option<String> {
    let known = Program::new("/sbin/ldconfig").arg("-p").output().ok()?;
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    let line = known.lines().find(|line| line.trim_start().starts_with(library))?;
    line.split("=> ").nth(1).map(str::to_owned)
}

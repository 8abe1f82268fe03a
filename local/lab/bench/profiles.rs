//! `./local/shop bench profiles`: what each way of compiling makes of place-order, in size, start and work. The one that is
//! deployed is compiled already; every other is compiled here with all that it stands on, for minutes, in a folder that
//! is removed again.

use std::{fs, path::Path, process::Command as Program};

use sijang_cloud::{progress::Progress, python};
use tokio::process::Command;

use crate::{
    candidate::{Candidate, Candidates, Operation},
    cold::{self, Starts},
    own,
    report::{Report, Table, ratio},
    usage::load,
};

/// Ways to compile that are not the deployed one, by what is different in the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// Each crate optimized by itself, with a look at the others
    ThinLto,
    /// Each crate by itself
    NoLto,
    /// For size
    Small,
    /// A panic ends the process
    Abort,
}

impl Way {
    pub const ALL: [Self; 4] = [Self::ThinLto, Self::NoLto, Self::Small, Self::Abort];

    /// Its name, and cargo's arguments for it.
    fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::ThinLto => ("thin LTO", "lto='thin'"),
            Self::NoLto => ("no LTO", "lto='off'"),
            Self::Small => ("opt-level s", "opt-level='s'"),
            Self::Abort => ("panic = abort", "panic='abort'"),
        }
    }
}

/// Compiles in these ways, and measures place-order of each beside the deployed one; and that one with another allocator.
pub async fn measure(
    candidates: &Candidates,
    (rounds, requests): (usize, usize),
    others: &[Way],
    progress: Progress,
    report: &mut Report,
) {
    let deployed = candidates.repository.target().join("release/place-order");
    let mut ways =
        vec![candidates.built("as deployed: fat LTO, opt-level 3, unwind", Operation::PlaceOrder, deployed.clone())];
    for way in others {
        let (name, setting) = way.described();
        let program = candidates.folder.join(format!("place-order {name}"));
        let compiled = compile(candidates, setting, &program);
        progress.step("profiles", &format!("compiling: {name}"), compiled).await.unwrap();
        ways.push(candidates.built(name, Operation::PlaceOrder, program));
    }
    let allocator = preloaded("libmimalloc.so");
    if let Some(library) = &allocator {
        let mut way = candidates.built("as deployed, with mimalloc", Operation::PlaceOrder, deployed);
        way.variables.push(("LD_PRELOAD".to_owned(), library.clone()));
        ways.push(way);
    }
    let before = load();
    let starts = starts(candidates, &ways, rounds).await;
    let all: Vec<_> = ways.iter().collect();
    let costs = own::Place::open(&candidates.folder).await.costs(&all, requests, progress).await;
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
    table.note(match allocator {
        Some(library) => format!("the allocator is {library}, loaded dynamically, which is part of its start"),
        None => "mimalloc: SKIPPED, this machine has no libmimalloc.so".to_owned(),
    });
    table.note(format!(
        "{rounds} starts over TLS and {requests} orders of each, in turns; medians and quartiles; load {before} to {}",
        load()
    ));
    report.add(table);
}

async fn starts(candidates: &Candidates, ways: &[Candidate], rounds: usize) -> Vec<Starts> {
    let mut place = cold::Place::open(&candidates.folder).await;
    let mut starts: Vec<_> = ways.iter().map(|_| Starts::default()).collect();
    for _ in 0..rounds {
        for (way, starts) in ways.iter().zip(&mut starts) {
            place.start(way, starts).await;
        }
    }
    starts
}

/// Compiles place-order with another setting of the release profile. Where that changes nothing about a crate, what the
/// deployed one was made of serves again.
async fn compile(candidates: &Candidates, setting: &str, program: &Path) -> anyhow::Result<()> {
    let target = candidates.folder.join("profiles");
    fs::create_dir_all(&target)?;
    let mut copy = Command::new("cp");
    copy.args(["-a", "--reflink=auto"]).arg(candidates.repository.target().join("release")).arg(&target);
    python::run(&mut copy).await?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--release", "--workspace", "--locked", "--bin", "place-order"])
        .arg(format!("--config=profile.release.{setting}"))
        .arg("--target-dir")
        .arg(&target)
        .current_dir(candidates.repository.root());
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

//! `./local/shop bench profiles`: what each way of compiling makes of place-order, in size, start and work. The one that is
//! deployed is compiled already; every other is compiled here with all that it stands on, for minutes, in a folder that
//! is removed again.

use std::{fs, path::Path, process::Command as Program};

use sijang_cli::release::Pgo;
use sijang_cloud::{progress::Progress, python};
use sijang_testkit::lambda::runtime_api::RuntimeApi;
use tokio::process::Command;

use crate::{
    candidate::{Candidate, Candidates, Operation},
    cold::{self, Starts},
    market::Market,
    own,
    report::{Report, Table, ratio},
    train,
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
    /// By a profile of its own orders, as ./local/shop package --pgo does
    Pgo,
}

impl Way {
    pub const ALL: [Self; 5] = [Self::ThinLto, Self::NoLto, Self::Small, Self::Abort, Self::Pgo];

    fn name(self) -> &'static str {
        match self {
            Self::ThinLto => "thin LTO",
            Self::NoLto => "no LTO",
            Self::Small => "opt-level s",
            Self::Abort => "panic = abort",
            Self::Pgo => "profile-guided (PGO)",
        }
    }

    /// Compiles place-order like this.
    async fn compile(self, candidates: &Candidates, program: &Path) -> anyhow::Result<()> {
        let setting = match self {
            Self::ThinLto => "lto='thin'",
            Self::NoLto => "lto='off'",
            Self::Small => "opt-level='s'",
            Self::Abort => "panic='abort'",
            Self::Pgo => return Box::pin(compile_by_profile(candidates, program)).await,
        };
        compile(candidates, setting, program).await
    }
}

const DEPLOYED: &str = "as deployed: fat LTO, opt-level 3, unwind";

/// Compiles in these ways, and measures place-order of each beside the deployed one; and that one with another allocator.
pub async fn measure(
    candidates: &Candidates,
    (rounds, requests): (usize, usize),
    others: &[Way],
    progress: Progress,
    report: &mut Report,
) {
    let deployed = candidates.repository.target().join("release/place-order");
    let mut ways = vec![candidates.built(DEPLOYED, Operation::PlaceOrder, deployed.clone())];
    let mut with_allocator = vec![("as deployed, with mimalloc", deployed)];
    for way in others {
        let name = way.name();
        let program = candidates.folder.join(format!("place-order {name}"));
        let compiled = way.compile(candidates, &program);
        progress.step("profiles", &format!("compiling: {name}"), compiled).await.unwrap();
        if *way == Way::Pgo {
            with_allocator.push(("profile-guided, with mimalloc", program.clone()));
        }
        ways.push(candidates.built(name, Operation::PlaceOrder, program));
    }
    let allocator = preloaded("libmimalloc.so");
    for (name, program) in with_allocator {
        let Some(library) = &allocator else { break };
        let mut way = candidates.built(name, Operation::PlaceOrder, program);
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
    python::run(cargo(candidates, &target).arg(format!("--config=profile.release.{setting}"))).await?;
    fs::copy(target.join("release/place-order"), program)?;
    fs::remove_dir_all(target)?;
    Ok(())
}

/// Compiles place-order, has it do orders, and compiles it again by its profile.
async fn compile_by_profile(candidates: &Candidates, program: &Path) -> anyhow::Result<()> {
    let target = candidates.folder.join("profiles");
    let pgo = Pgo::begin(candidates.folder.join("pgo"))?;
    // With a target named, the options are not those of build scripts, which would count, too.
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let compile = async |option: String| {
        let mut cargo = cargo(candidates, &target);
        python::run(cargo.args(["--target", &host]).env("CARGO_ENCODED_RUSTFLAGS", option)).await?;
        fs::copy(target.join(&host).join("release/place-order"), program)?;
        anyhow::Ok(())
    };
    compile(pgo.generate()).await?;
    let (mut market, api) = (Market::open().await, RuntimeApi::start().await?);
    let counting = candidates.built("place-order that counts", Operation::PlaceOrder, program.to_owned());
    train::commands(&counting, Operation::PlaceOrder, &mut market, &api).await;
    compile(pgo.apply()?).await?;
    fs::remove_dir_all(target)?;
    Ok(())
}

/// Builds place-order as it is deployed, in this target folder.
fn cargo(candidates: &Candidates, target: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--workspace", "--locked", "--bin", "place-order", "--target-dir"]);
    cargo.arg(target).current_dir(candidates.repository.root());
    cargo
}

/// The file of a library, where the loader finds it.
fn preloaded(library: &str) -> Option<String> {
    let known = Program::new("/sbin/ldconfig").arg("-p").output().ok()?;
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    let line = known.lines().find(|line| line.trim_start().starts_with(library))?;
    line.split("=> ").nth(1).map(str::to_owned)
}

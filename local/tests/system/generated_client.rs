//! The running shop against its OpenAPI document, by programs that others wrote: schemathesis in a short form (the long
//! one is `./local/shop schemathesis`), and a generated client. Where they cannot be fetched, that is said, and no failure.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use libtest_mimic::{Completion, Failed, Trial};
use sijang_cli::{
    schemathesis::{Attack, Checkers},
    seed,
    shop::{LocalShop, ShopOptions},
};
use sijang_cloud::{build, layout::Repository, progress::Progress};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::world::World;

/// The trials, and the shop that they share.
pub fn trials(world: &Arc<World>) -> (Arc<Shared>, Vec<Trial>) {
    let shared = Arc::new(Shared { world: Arc::clone(world), ready: Mutex::new(None) });
    let trials = vec![
        trial(&shared, "generated_client::a_generated_client_goes_shopping", tour),
        trial(&shared, "generated_client::the_contract_is_served_to_read_and_loads_nothing_from_elsewhere", docs),
        trial(&shared, "generated_client::schemathesis_finds_nothing_that_the_document_does_not_say", attack),
    ];
    (shared, trials)
}

/// A shop of its own for these trials, which run alone.
pub struct Shared {
    world: Arc<World>,
    /// Made by the first trial.
    ready: Mutex<Option<Result<Ready, Unavailable>>>,
}

impl Shared {
    /// Stops the shop, if a trial started it.
    pub fn end(&self) {
        if let Some(Ok(Ready { stack, .. })) = self.ready.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.world.runtime().block_on(stack.stop()).unwrap();
        }
    }
}

struct Ready {
    stack: LocalShop,
    checkers: Checkers,
    folder: TempDir,
}

/// The programs cannot be had.
struct Unavailable;

type Body = fn(&Runtime, &Ready) -> Result<(), Failed>;

fn trial(shared: &Arc<Shared>, name: &str, body: Body) -> Trial {
    let shared = Arc::clone(shared);
    Trial::ignorable_test(name, move || {
        let _alone = shared.world.alone();
        let mut ready = shared.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = ready.get_or_insert_with(|| shared.world.runtime().block_on(prepare()));
        match ready {
            Ok(ready) => body(shared.world.runtime(), ready).map(|()| Completion::Completed),
            Err(Unavailable) => {
                Ok(Completion::ignored_with("SKIPPED: schemathesis and the client generator cannot be fetched"))
            }
        }
    })
}

async fn prepare() -> Result<Ready, Unavailable> {
    let repository = Repository::find().unwrap();
    let checkers = match Checkers::fetch(&repository, Progress::new(true)).await {
        Ok(checkers) => checkers,
        Err(error) => {
            eprintln!("SKIPPED: {error:#}");
            return Err(Unavailable);
        }
    };
    build::programs(repository.root(), true).await.unwrap();
    let folder = tempfile::Builder::new().prefix("api-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let stack = LocalShop::start(ShopOptions::isolated(folder.path().join("stack"))).await.unwrap();
    seed::seed(&stack).await.unwrap();
    Ok(Ready { stack, checkers, folder })
}

fn tour(runtime: &Runtime, ready: &Ready) -> Result<(), Failed> {
    let said = runtime.block_on(ready.checkers.tour(&ready.stack, ready.folder.path()));
    eprint!("{}", said.map_err(|error| format!("{error:#}"))?);
    Ok(())
}

fn docs(runtime: &Runtime, ready: &Ready) -> Result<(), Failed> {
    let get = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", ready.stack.api_url())).await?.error_for_status()?;
        Ok::<_, reqwest::Error>((answer.headers().clone(), answer.bytes().await?))
    };
    runtime.block_on(async {
        let (headers, page) = get("/docs").await?;
        let page = String::from_utf8_lossy(&page);
        assert!(headers["content-security-policy"].to_str()?.starts_with("default-src 'none'"));
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("\"//"));
        for linked in ["/docs/openapi.json", "/docs/redoc.standalone.js"] {
            assert!(page.contains(linked));
            get(linked).await?;
        }
        for document in ["asyncapi.json", "order.paid.v1.json", "order.cancelled.v1.json"] {
            serde_json::from_slice::<serde_json::Value>(&get(&format!("/docs/{document}")).await?.1)?;
        }
        Ok(())
    })
}

/// A few dozen requests for each operation, always from the same seed.
fn attack(runtime: &Runtime, ready: &Ready) -> Result<(), Failed> {
    let began = Instant::now();
    let attack = Attack { examples: 25, seed: 1, phases: "examples,coverage,fuzzing,stateful".to_owned() };
    let mut command =
        ready.checkers.attack(&ready.stack, &attack, ready.folder.path()).map_err(|e| format!("{e:#}"))?;
    let output = runtime.block_on(async { command.output().await })?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let cases = said.lines().find(|line| line.contains("generated")).unwrap_or_default().trim();
    eprintln!("schemathesis: {cases}, in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

//! The running shop against its OpenAPI document, by programs that others wrote: schemathesis in a short form (the long
//! one is `./local/schemathesis`), and a generated client. Where they cannot be fetched, that is said, and no failure.

#![allow(clippy::unwrap_used)] // a trial that cannot go on may end where it stands

use std::{
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sijang_local::{
    build,
    contract::{Attack, Checkers},
    layout::Repository,
    progress::Progress,
    seed,
    stack::{Stack, StackOptions},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let world = Arc::new(World { runtime: Runtime::new().unwrap(), ready: Mutex::new(None) });
    let trials = vec![
        trial(&world, "a_generated_client_goes_shopping", tour),
        trial(&world, "the_contract_is_served_to_read_and_loads_nothing_from_elsewhere", docs),
        trial(&world, "schemathesis_finds_nothing_that_the_document_does_not_say", attack),
    ];
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(Ok(Ready { stack, .. })) = world.ready.lock().unwrap_or_else(PoisonError::into_inner).take() {
        world.runtime.block_on(stack.stop()).unwrap();
    }
    conclusion.exit_code()
}

struct World {
    runtime: Runtime,
    /// Made by the first trial.
    ready: Mutex<Option<Result<Ready, Unavailable>>>,
}

struct Ready {
    stack: Stack,
    checkers: Checkers,
    folder: TempDir,
}

/// The programs cannot be had.
struct Unavailable;

type Body = fn(&Runtime, &Ready) -> Result<(), Failed>;

fn trial(world: &Arc<World>, name: &str, body: Body) -> Trial {
    let world = world.clone();
    Trial::ignorable_test(name, move || {
        let mut ready = world.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = ready.get_or_insert_with(|| world.runtime.block_on(prepare()));
        match ready {
            Ok(ready) => body(&world.runtime, ready).map(|()| Completion::Completed),
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
    build::functions(repository.root(), true).await.unwrap();
    let folder = tempfile::Builder::new().prefix("api-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let stack = Stack::start(StackOptions::isolated(folder.path().join("stack"))).await.unwrap();
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

//! The storefront in a real browser against a real shop. Each file of `tests/web` is a trial; where there is no browser,
//! or what drives it cannot be fetched, that is said, and no failure.

#![allow(clippy::unwrap_used)] // a trial that cannot go on may end where it stands

use std::{
    env,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sijang_local::{
    build,
    issuer::{ADMIN, CUSTOMER},
    layout::Repository,
    process,
    progress::Progress,
    python::Environment,
    seed,
    stack::{Stack, StackOptions},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const REQUIREMENTS: &str = include_str!("web/requirements.txt");
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let world = Arc::new(World { runtime: Runtime::new().unwrap(), ready: Mutex::new(None) });
    let trials = files().into_iter().map(|file| trial(&world, file)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(Ok(Ready { stack, .. })) = world.ready.lock().unwrap_or_else(PoisonError::into_inner).take() {
        world.runtime.block_on(stack.stop()).unwrap();
    }
    conclusion.exit_code()
}

/// `test_*.py`, in order.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web");
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let is_test =
        |file: &PathBuf| file.extension().is_some_and(|extension| extension == "py") && name(file).starts_with("test_");
    let mut files: Vec<_> = entries.filter(is_test).collect();
    files.sort();
    assert!(!files.is_empty(), "there are tests");
    files
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

struct World {
    runtime: Runtime,
    /// Made by the first trial.
    ready: Mutex<Option<Result<Ready, Unavailable>>>,
}

struct Ready {
    stack: Stack,
    driver: Environment,
    browser: PathBuf,
    /// Gone with the stack.
    _folder: TempDir,
}

/// There is no browser, or nothing to drive it with.
#[derive(Clone)]
struct Unavailable(String);

fn trial(world: &Arc<World>, file: PathBuf) -> Trial {
    let world = world.clone();
    Trial::ignorable_test(name(&file).replacen("test_", "", 1), move || {
        let mut ready = world.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = ready.get_or_insert_with(|| world.runtime.block_on(prepare()));
        match ready {
            Ok(ready) => world.runtime.block_on(ready.drive(&file)).map(|()| Completion::Completed),
            Err(Unavailable(reason)) => Ok(Completion::ignored_with(format!("SKIPPED: {reason}"))),
        }
    })
}

async fn prepare() -> Result<Ready, Unavailable> {
    let skipped = |reason: String| {
        eprintln!("SKIPPED: {reason}");
        Unavailable(reason)
    };
    let named = env::var_os("SIJANG_BROWSER").map(PathBuf::from);
    let browser = named.or_else(|| BROWSERS.into_iter().find_map(process::find));
    let browser =
        browser.ok_or_else(|| skipped("there is no Chromium (on Debian: apt install chromium)".to_owned()))?;
    let repository = Repository::find().unwrap();
    let fetched = Environment::fetch(&repository, "web", REQUIREMENTS, "playwright and pytest", Progress::new(true));
    let driver = fetched.await.map_err(|error| skipped(format!("what drives the browser cannot be had: {error:#}")))?;
    build::functions(repository.root(), true).await.unwrap();
    let folder = tempfile::Builder::new().prefix("web-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let stack = Stack::start(StackOptions::isolated(folder.path().join("stack"))).await.unwrap();
    seed::seed(&stack).await.unwrap();
    Ok(Ready { stack, driver, browser, _folder: folder })
}

impl Ready {
    async fn drive(&self, file: &Path) -> Result<(), Failed> {
        let mut pytest = self.driver.program("python");
        pytest
            .args(["-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider", "--color=no"])
            .arg(file)
            .env("SIJANG_URL", self.stack.api_url())
            .env("SIJANG_ADMIN_TOKEN", self.stack.token("admin", &[CUSTOMER, ADMIN]).unwrap())
            .env("SIJANG_DEAD_LETTERS", self.stack.output("OrderEventsDlqUrl").unwrap())
            .env("SIJANG_BROWSER", &self.browser)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = pytest.output().await?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            eprintln!("{}: {}", name(file), said.lines().last().unwrap_or_default());
            return Ok(());
        }
        Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

//! The storefront in a real browser against a real shop. Each file of `web` is a trial; where there is no browser,
//! or what drives it cannot be fetched, that is said, and no failure.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use libtest_mimic::{Completion, Failed, Trial};
use sijang_cli::{
    seed,
    shop::{LocalShop, ShopOptions},
};
use sijang_cloud::{build, layout::Repository, process, progress::Progress, python::Environment};
use tempfile::TempDir;

use crate::world::World;

const REQUIREMENTS: &str = include_str!("web/requirements.txt");
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The trials, and the shop that they share.
pub fn trials(world: &Arc<World>) -> (Arc<Shared>, Vec<Trial>) {
    let shared = Arc::new(Shared { world: Arc::clone(world), ready: Mutex::new(None) });
    let trials = files().into_iter().map(|file| trial(&shared, file)).collect();
    (shared, trials)
}

/// `test_*.py`, in order.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("system/web");
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
    driver: Environment,
    browser: PathBuf,
    /// Gone with the stack.
    _folder: TempDir,
}

/// There is no browser, or nothing to drive it with.
#[derive(Clone)]
struct Unavailable(String);

fn trial(shared: &Arc<Shared>, file: PathBuf) -> Trial {
    let shared = Arc::clone(shared);
    Trial::ignorable_test(format!("browser::{}", name(&file).replacen("test_", "", 1)), move || {
        let _alone = shared.world.alone();
        let mut ready = shared.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = ready.get_or_insert_with(|| shared.world.runtime().block_on(prepare()));
        match ready {
            Ok(ready) => shared.world.runtime().block_on(ready.drive(&file)).map(|()| Completion::Completed),
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
    build::programs(repository.root(), true).await.unwrap();
    let folder = tempfile::Builder::new().prefix("web-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let stack = LocalShop::start(ShopOptions::isolated(folder.path().join("stack"))).await.unwrap();
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
            .env("SIJANG_ADMIN_TOKEN", self.stack.staff().token("admin").unwrap())
            .env("SIJANG_DEAD_LETTERS", self.stack.stack().output("OrderEventsDlqUrl").unwrap())
            .env("SIJANG_BROWSER", &self.browser)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = pytest.output().await?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            for line in said.lines().filter(|line| line.starts_with("measured")).chain(said.lines().last()) {
                eprintln!("{}: {line}", name(file));
            }
            return Ok(());
        }
        Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

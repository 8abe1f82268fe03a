//! The surroundings of the trials: the shared stack, which the first trial starts, and the rules of living together.

use std::{
    collections::BTreeSet,
    future::Future,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use libtest_mimic::{Completion, Trial};
use rustix::{
    io::Errno,
    process::{WaitOptions, wait},
};
use sijang_cli::shop::{LocalShop, ShopOptions};
use sijang_cloud::{build, layout::Repository};
use sijang_testkit::http::Shop;
use tempfile::TempDir;
use tokio::{
    runtime::Runtime,
    sync::{OnceCell, RwLock, RwLockWriteGuard},
    time::{Instant, sleep},
};

/// Shared by all trials.
pub struct World {
    runtime: Runtime,
    folder: TempDir,
    folders: AtomicUsize,
    built: OnceCell<Result<(), String>>,
    shop: OnceCell<Result<Shop, String>>,
    /// Read by a trial that gets along with others, written by one that does not.
    peace: RwLock<()>,
    /// Trials of the shared stack that have passed.
    passed: Mutex<BTreeSet<String>>,
}

impl World {
    pub fn new() -> Arc<Self> {
        // In cargo's target folder: what an interrupted run leaves is in nobody's way.
        let folder = tempfile::Builder::new().prefix("stack-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Arc::new(Self {
            runtime: Runtime::new().unwrap(),
            folder,
            folders: AtomicUsize::new(0),
            built: OnceCell::new(),
            shop: OnceCell::new(),
            peace: RwLock::new(()),
            passed: Mutex::default(),
        })
    }

    /// Stops the shared stack and removes everything. All trials have ended.
    pub fn end(self: Arc<Self>) {
        let Some(world) = Arc::into_inner(self) else { return };
        if let Some(Ok(shop)) = world.shop.into_inner() {
            world.runtime.block_on(shop.close());
        }
        world.runtime.shutdown_timeout(Duration::from_secs(5));
        // A trial that panicked has killed its stack without waiting: MiniStack may still be writing. Nobody else is a
        // child of ours by now.
        while matches!(wait(WaitOptions::empty()), Ok(_) | Err(Errno::INTR)) {}
    }

    /// The runtime that all trials share.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Waits until no other trial runs, and keeps others from running until the guard is dropped.
    pub fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.runtime.block_on(self.peace.write())
    }

    /// Whether this trial on the shared stack has passed.
    pub fn has_passed(&self, name: &str) -> bool {
        self.passed.lock().unwrap().contains(name)
    }

    /// A folder for the state of one more stack.
    pub fn state_folder(&self) -> PathBuf {
        let number = self.folders.fetch_add(1, Ordering::SeqCst);
        self.folder.path().join(number.to_string())
    }

    /// Starts an isolated stack.
    pub async fn start(&self, options: impl Into<ShopOptions>) -> Result<Shop> {
        self.built
            .get_or_init(|| async { build().await.map_err(|error| format!("{error:#}")) })
            .await
            .clone()
            .map_err(anyhow::Error::msg)?;
        Ok(Shop::open(LocalShop::start(options.into()).await?))
    }

    /// The shared stack.
    pub async fn shop(&self) -> Shop {
        let start = || async {
            let began = Instant::now();
            let shop = self.start(ShopOptions::isolated(self.state_folder())).await;
            eprintln!("the shared stack started in {:.1} s", began.elapsed().as_secs_f64());
            shop.map_err(|error| format!("{error:#}"))
        };
        self.shop.get_or_init(start).await.clone().expect("the shared stack")
    }
}

/// Cargo does not know that these tests need the functions' binaries.
async fn build() -> Result<()> {
    build::programs(Repository::find()?.root(), true).await.context("building the functions")
}

/// A trial with the name of its function: `named!(trial, world, inactive_product_cannot_be_ordered)`.
macro_rules! named {
    ($kind:ident, $world:expr, $test:ident) => {{
        let (_, name) = concat!(module_path!(), "::", stringify!($test)).split_once("::").unwrap();
        $crate::world::$kind($world, name, $test)
    }};
}
pub(crate) use named;

/// A trial on the shared stack, beside others.
pub fn trial<F, Fut>(world: &Arc<World>, name: &str, body: F) -> Trial
where
    F: FnOnce(Shop) -> Fut + Send + 'static,
    Fut: Future<Output = ()>,
{
    let (world, own_name) = (world.clone(), name.to_owned());
    Trial::test(name, move || {
        world.runtime.block_on(async {
            let _peace = world.peace.read().await;
            body(world.shop().await).await;
            world.passed.lock().unwrap().insert(own_name);
        });
        Ok(())
    })
}

/// A trial on the shared stack that no other trial runs beside, and that may find that it has nothing to say.
pub fn lone_trial<F, Fut>(world: &Arc<World>, name: &str, body: F) -> Trial
where
    F: FnOnce(Shop) -> Fut + Send + 'static,
    Fut: Future<Output = ()>,
{
    let world = world.clone();
    Trial::test(name, move || {
        world.runtime.block_on(async {
            let _alone = world.peace.write().await;
            body(world.shop().await).await;
        });
        Ok(())
    })
}

/// A trial that starts stacks of its own, or none; alone, for it needs the machine.
pub fn own_trial<F, Fut>(world: &Arc<World>, name: &str, body: F) -> Trial
where
    F: FnOnce(Arc<World>) -> Fut + Send + 'static,
    Fut: Future<Output = Completion>,
{
    let world = world.clone();
    Trial::ignorable_test(name, move || {
        let inside = world.clone();
        Ok(world.runtime.block_on(async {
            let _alone = world.peace.write().await;
            body(inside).await
        }))
    })
}

/// Looks until there is something to see. It says what it waited for when patience ends.
pub async fn eventually<T>(what: &str, patience: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "not within {patience:?}: {what}");
        sleep(Duration::from_millis(100)).await;
    }
}

//! The MiniStack process: gateway, authorizer, tables, streams, queues, schedules in one Python program.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{process::Child, time::sleep};

use super::{
    client::{CREDENTIAL, Cloud, REGION},
    state,
};
use crate::{
    layout::Repository,
    process::{self, DeathSignal, Program},
    progress::Progress,
    python::Environment,
};

/// A running MiniStack.
#[derive(Debug)]
pub struct MiniStack {
    child: Child,
    cloud: Cloud,
}

/// How to run it.
#[derive(Debug, Clone)]
pub struct MiniStackOptions {
    /// Python interpreter of the environment that it is installed in.
    pub python: PathBuf,
    /// Its folder: state, objects, temporary files.
    pub folder: PathBuf,
    /// Its log.
    pub log: PathBuf,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// For each function, by physical name, the URL that its invocations are sent to.
    pub invoke_urls: BTreeMap<String, String>,
}

impl MiniStack {
    /// The Python environment that it runs in, fetched when it is not there yet.
    pub async fn fetch(repository: &Repository, progress: Progress) -> Result<Environment> {
        let requirements = include_str!("../../requirements.txt");
        Environment::fetch(repository, "ministack", requirements, "MiniStack", progress).await
    }

    /// The port that it had when it stored what is in its folder.
    pub fn stored_port(folder: &Path) -> Option<u16> {
        state::port(&folder.join("state"))
    }

    /// Starts it and waits until it answers.
    pub async fn start(options: &MiniStackOptions) -> Result<Self> {
        state::tidy(&options.folder.join("state"), options.port)?;
        let mut child = process::spawn(&program(options)?).await?;
        let cloud = Cloud::new(format!("http://127.0.0.1:{}", options.port))?;
        let patience = Instant::now() + Duration::from_secs(90);
        while !cloud.is_up().await {
            if let Some(status) = child.try_wait()? {
                bail!("MiniStack {}; its last words:\n{}", process::describe(status), process::tail(&options.log));
            }
            if Instant::now() > patience {
                bail!("MiniStack does not answer; see {}", options.log.display());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { child, cloud })
    }

    /// A client for it.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Completes when the process has ended, with the reason.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("MiniStack {}", process::describe(status)),
            Err(error) => format!("MiniStack is lost: {error}"),
        }
    }

    /// Stops it; it writes its state first.
    pub async fn stop(self) {
        process::stop(self.child, Duration::from_mins(1)).await;
    }
}

fn program(options: &MiniStackOptions) -> Result<Program> {
    let folder = |name: &str| -> Result<OsString> {
        let path = options.folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path.into())
    };
    let mut environment: Vec<(OsString, OsString)> = [
        ("PATH", std::env::var_os("PATH").unwrap_or_default()),
        ("HOME", folder("home")?),
        ("TMPDIR", folder("tmp")?),
        ("STATE_DIR", folder("state")?),
        ("S3_DATA_DIR", folder("s3")?),
        ("PERSIST_STATE", "1".into()),
        ("S3_PERSIST", "1".into()),
        ("BIND_HOST", "127.0.0.1".into()),
        ("MINISTACK_HOST", "127.0.0.1".into()),
        ("GATEWAY_PORT", options.port.to_string().into()),
        ("MINISTACK_REGION", REGION.into()),
        ("AWS_ACCESS_KEY_ID", CREDENTIAL.into()),
        ("AWS_SECRET_ACCESS_KEY", CREDENTIAL.into()),
        // Our own queue in front of each function is the limit; see `serve`.
        ("LAMBDA_ACCOUNT_CONCURRENCY", "1000".into()),
        ("SFTP_ENABLED", "0".into()),
        ("IOT_MTLS_ENABLED", "0".into()),
        ("LOG_LEVEL", "WARNING".into()),
    ]
    .map(|(name, value)| (name.into(), value))
    .into();
    for (function, url) in &options.invoke_urls {
        environment.push((format!("MINISTACK_LAMBDA_PROXY_{function}").into(), url.into()));
    }
    Ok(Program {
        path: options.python.clone(),
        arguments: ["-c", include_str!("start.py")].map(OsString::from).into(),
        environment,
        directory: options.folder.clone(),
        log: options.log.clone(),
        death_signal: DeathSignal::Terminate,
    })
}

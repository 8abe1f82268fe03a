//! Redis with a script: how others give out coupons. A server of our own on a socket in a file, and as much of its
//! protocol as one script needs.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sijang_cloud::{process::find, python};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    process::{Child, Command},
    time::sleep,
};

use crate::usage::Usage;

const SCRIPT: &str = include_str!("../baselines/redis/issue.lua");

/// A server. It ends when it is dropped.
pub struct Redis {
    pub version: String,
    socket: PathBuf,
    child: Child,
}

impl Redis {
    /// Starts one that keeps everything in memory, if there is one on this machine.
    pub async fn start(folder: &Path) -> Option<Self> {
        let server = find("redis-server")?;
        let version = python::run(Command::new(&server).arg("--version")).await.unwrap();
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let version = version.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or_default();
        let socket = folder.join("redis.sock");
        let _ = fs::remove_file(&socket);
        let child = Command::new(server)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no", "--unixsocket"])
            .arg(&socket)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        while UnixStream::connect(&socket).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
        Some(Self { version: format!("Redis {version} and Lua"), socket, child })
    }

    /// The CPU that it has used so far, in microseconds.
    pub fn cpu(&self) -> f64 {
        Usage::of(self.child.id().unwrap()).cpu
    }

    /// A connection that knows the script.
    pub async fn connect(&self) -> Connection {
        let stream = BufReader::new(UnixStream::connect(&self.socket).await.unwrap());
        let mut connection = Connection { stream, script: String::new() };
        connection.send(&["SCRIPT", "LOAD", SCRIPT]).await;
        assert_eq!(connection.line().await, "$40");
        let mut script = [0; 42];
        connection.stream.read_exact(&mut script).await.unwrap();
        connection.script = String::from_utf8_lossy(&script[..40]).into_owned();
        connection
    }
}

/// A connection, for one request after the other.
pub struct Connection {
    stream: BufReader<UnixStream>,
    script: String,
}

impl Connection {
    /// The script's answer for this customer, of so many coupons.
    pub async fn issue(&mut self, customer: &str, coupons: usize) -> i64 {
        let script = self.script.clone();
        self.send(&["EVALSHA", &script, "2", "issued", "holders", customer, &coupons.to_string()]).await;
        let line = self.line().await;
        line.strip_prefix(':').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("Redis says {line}"))
    }

    async fn send(&mut self, words: &[&str]) {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            // Writing into a String cannot fail.
            let _ = write!(command, "${}\r\n{word}\r\n", word.len());
        }
        self.stream.write_all(command.as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }
}

//! CPU and memory of a process so far, by `/proc`.

use std::fs;

/// CPU and memory of a process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// User and system time of all its threads, in microseconds.
    pub cpu: f64,
    /// Pages that were not there when they were touched.
    pub faults: u64,
    /// The most memory that it had, in KiB.
    pub peak: u64,
}

impl Usage {
    /// Of the process with this id.
    pub fn of(pid: u32) -> Self {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
        let stat = read("stat");
        // Behind the name, which may have spaces in it: state, parent, ..., and the minor and major faults.
        let fields: Vec<u64> =
            stat.rsplit(')').next().unwrap().split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        let peak = read("status")
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok())
            .unwrap_or_default();
        Self { cpu: cpu(pid), faults: fields[7] + fields[9], peak }
    }
}

/// Time on a processor, of each thread that is there: the clock ticks of `stat` are too coarse for an order.
fn cpu(pid: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_thread = |thread: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    };
    threads.filter_map(of_thread).sum::<f64>() / 1e3
}

/// Load of the machine: runnable processes over the last minute.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or_default().to_owned()
}

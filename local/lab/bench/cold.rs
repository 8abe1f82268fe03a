//! The start of an environment, over TLS: from `exec` to the first request for an event, the first answer, the second.

use std::{fs, path::Path};

use sijang_cloud::{process::find, progress::Progress, python};
use sijang_testkit::{lambda::runtime_api::RuntimeApi, tls::TlsEndpoint};
use tokio::process::Command;

use crate::{
    candidate::{COPY, Candidate, Candidates, Operation, SDK, TLS},
    environment::Environment,
    market::Market,
    report::{Report, Table, ratio},
    samples::Samples,
    usage::load,
};

/// The measured starts of a candidate.
#[derive(Default)]
pub struct Starts {
    ready: Samples,
    /// Milliseconds, until the first request for an event.
    pub cpu: Samples,
    first: Samples,
    second: Samples,
    faults: Samples,
    bytes: Samples,
    peak: Samples,
}

/// The environment in which all candidates are started.
pub struct Place {
    api: RuntimeApi,
    market: Market,
    secure: TlsEndpoint,
    variables: Vec<(String, String)>,
}

pub async fn measure(candidates: &Candidates, rounds: usize, progress: Progress, report: &mut Report) {
    let mut place = Place::open(&candidates.folder).await;
    let starters: Vec<_> = candidates
        .all
        .iter()
        .filter(|one| one.operation == Operation::PlaceOrder && ![SDK, COPY].contains(&one.name))
        .collect();
    let mut starts: Vec<_> = starters.iter().map(|_| Starts::default()).collect();
    let before = load();
    for round in 1..=rounds {
        for (candidate, starts) in starters.iter().zip(&mut starts) {
            place.start(candidate, starts).await;
        }
        progress.say(format_args!("cold       round {round} of {rounds}"));
    }
    let lower_bound =
        starters.iter().zip(&starts).find(|(candidate, _)| candidate.name == TLS).unwrap().1.ready.median();
    let mut table = Table::new(
        "Cold start",
        &[
            "",
            "function",
            "exec to first `next`, ms",
            "of the lower bound",
            "CPU until then, ms",
            "first order, ms",
            "second order, ms",
            "page faults",
            "bytes on the wire",
            "peak, MiB",
            "system calls",
            "size, MB (zipped)",
        ],
    );
    for (candidate, starts) in starters.iter().zip(&starts) {
        let (calls, sizes) = if candidates.deployed {
            let (plain, zipped) = sizes(candidate).await;
            (place.system_calls(candidate, &candidates.folder).await, format!("{plain:.2} ({zipped:.2})"))
        } else {
            Default::default()
        };
        table.row([
            candidate.name.to_owned(),
            candidate.operation.to_string(),
            format!("{:.1}", starts.ready),
            ratio(starts.ready.median(), lower_bound),
            format!("{:.1}", starts.cpu),
            format!("{:.1}", starts.first),
            format!("{:.1}", starts.second),
            format!("{:.0}", starts.faults.median()),
            format!("{:.0}", starts.bytes.median()),
            format!("{:.0}", starts.peak.median()),
            calls,
            sizes,
        ]);
        report.bar(
            "Cold start: exec to the first order's answer, ms",
            candidate.name,
            starts.ready.median() + starts.first.median(),
        );
    }
    table.note(format!("{rounds} starts of each, in turns; medians and quartiles; load {before} to {}", load()));
    table.note("the first order goes over TLS to dynoxide; the lower bound is the runtime with a TLS connection opened before the first event; it has no order, and answers without a call");
    table.note("sizes: the binary; of Node the bundle; of Python the handler alone, for Lambda brings boto3 along");
    report.add(table);
}

impl Place {
    /// A shop behind TLS, whose authority is in `folder`.
    pub async fn open(folder: &Path) -> Self {
        let market = Market::open().await;
        let secure = TlsEndpoint::start(&market.store.endpoint, folder).await.unwrap();
        let mut variables = market.variables(&secure.endpoint());
        let authority = secure.authority.to_str().unwrap();
        variables.extend(["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"].map(|name| (name.to_owned(), authority.to_owned())));
        Self { api: RuntimeApi::start().await.unwrap(), market, secure, variables }
    }

    /// A start, and two orders.
    pub async fn start(&mut self, candidate: &Candidate, starts: &mut Starts) {
        let wire = self.secure.bytes();
        let mut environment = Environment::start(candidate, &self.api, &self.variables, &[]).await;
        let ready = environment.usage();
        let first = environment.done(self.market.request(candidate.operation)).await;
        let second = environment.done(self.market.request(candidate.operation)).await;
        let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        starts.ready.add(milliseconds(environment.started));
        starts.cpu.add(ready.cpu / 1e3);
        starts.first.add(milliseconds(first));
        starts.second.add(milliseconds(second));
        let used = environment.usage();
        #[allow(clippy::cast_precision_loss)]
        for (samples, value) in [
            (&mut starts.faults, used.faults),
            (&mut starts.bytes, self.secure.bytes() - wire),
            (&mut starts.peak, used.peak / 1024),
        ] {
            samples.add(value as f64);
        }
    }

    /// Until the first answer, as strace counts them.
    async fn system_calls(&mut self, candidate: &Candidate, folder: &Path) -> String {
        let Some(strace) = find("strace") else { return "no strace here".to_owned() };
        let counts = folder.join("strace");
        let _ = fs::remove_file(&counts);
        let words = [strace.to_str().unwrap(), "-I2", "-f", "-c", "-o", counts.to_str().unwrap()];
        let mut environment =
            Environment::start(candidate, &self.api, &self.variables, &words.map(str::to_owned)).await;
        environment.done(self.market.request(candidate.operation)).await;
        environment.end().await;
        let counts = fs::read_to_string(counts).unwrap_or_default();
        let total = counts.lines().find(|line| line.trim_end().ends_with(" total"));
        // `100.00    0.012345          12      1234        56 total`
        total.and_then(|total| total.split_whitespace().nth(3)).unwrap_or("?").to_owned()
    }
}

/// Megabytes of the deployed files, plain and zipped.
pub async fn sizes(candidate: &Candidate) -> (f64, f64) {
    let zip = "import io, sys, zipfile\nbuffer = io.BytesIO()\nwith zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as file:\n    file.write(sys.argv[1])\nprint(len(buffer.getvalue()))";
    let zipped = python::run(Command::new("python3").args(["-c", zip]).arg(&candidate.artefact)).await.unwrap();
    let zipped: f64 = String::from_utf8_lossy(&zipped.stdout).trim().parse().unwrap();
    #[allow(clippy::cast_precision_loss)]
    let plain = fs::metadata(&candidate.artefact).unwrap().len() as f64;
    (plain / 1e6, zipped / 1e6)
}

//! The process of a function: it is killed, cut off or let down at each of its calls.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use sijang_cloud::faults::Call;
use sijang_testkit::{
    lambda::{LambdaHost, functions},
    shop::{Shop, after, at},
};

use crate::{
    enumeration::{Driver, NotPassed, Pool, Subject, enumerate, is_wanted},
    injection::FaultInjection,
    processes::{
        case::{self, Clean},
        commands,
        scenario::{Prepared, Scenario},
        workers,
    },
};

/// Hosts whose workers are warm.
struct Processes(Pool<LambdaHost>);

impl Processes {
    async fn host(&self) -> LambdaHost {
        match self.0.take() {
            Some(host) => host,
            None => LambdaHost::new().await,
        }
    }

    async fn subject(&self, scenario: Scenario) -> Subject<(&'static str, Prepared, Clean)> {
        let Scenario { function, name, prepare } = scenario;
        let prepared = prepare(shop().await).await;
        let host = self.host().await;
        let clean = case::clean(&host, function, &prepared).await;
        self.0.give_back(host);
        Subject { name: title(function, name), calls: clean.calls.clone(), scenario: (function, prepared, clean) }
    }
}

impl Driver for Processes {
    type Scenario = (&'static str, Prepared, Clean);

    const AT_ONCE: usize = 6;

    fn injections(call: &Call) -> Vec<FaultInjection> {
        FaultInjection::of_a_process(call)
    }

    async fn run(
        &self,
        (function, prepared, clean): &Self::Scenario,
        call: &Call,
        injection: FaultInjection,
        trial: u32,
    ) -> Result<(), NotPassed> {
        let host = self.host().await;
        case::run_with_fault(&host, (function, prepared, clean), (call, injection), trial).await?;
        self.0.give_back(host);
        Ok(())
    }
}

fn title(function: &str, name: &str) -> String {
    format!("{function}, {name}")
}

/// A shop whose past is ten minutes old: the functions have clocks of their own, that show the present.
pub async fn shop() -> Shop {
    Shop::open_at(after(at(&Timestamp::now().to_string()), -600)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn process_killed_at_any_call_loses_and_doubles_nothing() {
    functions::build().await;
    let scenarios = commands::all().into_iter().chain(workers::all());
    let scenarios = scenarios.filter(|scenario| is_wanted(&title(scenario.function, scenario.name)));
    let driver = Processes(Pool::new());
    let ready = scenarios.map(|scenario| driver.subject(scenario));
    let subjects = stream::iter(ready).buffered(Processes::AT_ONCE).collect().await;
    enumerate(driver, subjects).await;
}

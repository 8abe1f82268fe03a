//! The code of a function in the test process: each of its calls gets each fault that fits the call.

use sijang_cloud::faults::Call;
use sijang_testkit::{services::Services, shop::Shop, snapshot::Snapshot};

use crate::{
    enumeration::{Driver, NotPassed, Pool, Subject, enumerate, is_wanted},
    in_process::{
        case::{self, Clean},
        commands,
        scenario::{Prepared, Scenario},
        workers,
    },
    injection::FaultInjection,
};

/// Services, each with what is stored in them.
struct InProcess(Pool<(Services, Snapshot)>);

impl InProcess {
    async fn services(&self, prepared: &Prepared) -> Services {
        let (services, known) = if let Some(used) = self.0.take() {
            used
        } else {
            let services = Services::new().await;
            let empty = Snapshot::of(&services.database).await;
            (services, empty)
        };
        services.reset(&known, &prepared.items, &prepared.messages).await;
        services
    }

    async fn subject(&self, scenario: Scenario) -> Subject<(Prepared, Clean)> {
        let prepared = (scenario.prepare)(Shop::open().await).await;
        let services = self.services(&prepared).await;
        let (clean, shop) = case::clean(&services, &prepared).await;
        self.0.give_back((services, shop));
        Subject { name: scenario.name.to_owned(), calls: clean.calls.clone(), scenario: (prepared, clean) }
    }
}

impl Driver for InProcess {
    type Scenario = (Prepared, Clean);

    const AT_ONCE: usize = 12;

    fn injections(call: &Call) -> Vec<FaultInjection> {
        FaultInjection::all(call)
    }

    async fn run(
        &self,
        (prepared, clean): &Self::Scenario,
        call: &Call,
        injection: FaultInjection,
        trial: u32,
    ) -> Result<(), NotPassed> {
        let services = self.services(prepared).await;
        let shop = case::run_with_fault(&services, prepared, clean, (call, injection), trial).await?;
        self.0.give_back((services, shop));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_at_any_call_lose_double_and_wrongly_reject_nothing() {
    let commands = [commands::done(), commands::done_in_shards(), commands::rejected()];
    let scenarios = commands.into_iter().flatten().chain(workers::all());
    let (driver, mut subjects) = (InProcess(Pool::new()), Vec::new());
    for scenario in scenarios.filter(|scenario| is_wanted(scenario.name)) {
        subjects.push(driver.subject(scenario).await);
    }
    enumerate(driver, subjects).await;
}

//! One case: a shop, a job, a fault at one call, and the checks once everything has settled.

use std::time::{Duration, Instant};

use sijang_cloud::faults::{Call, Plan};
use sijang_domain::{Error, Rejection, RequestTime};
use sijang_testkit::{
    invariants::violations_once_ranked,
    pipeline::{Stage, deliver_pending},
    services::{Clients, Services},
    shop::after,
    snapshot::Snapshot,
};

use crate::{
    enumeration::NotPassed,
    in_process::scenario::{Prepared, Reply},
    injection::{FaultInjection, Patience},
};

/// The outcome of a request that is not interrupted.
pub type Answer = Result<Reply, Rejection>;

/// The run without a fault, with which the cases are compared.
pub struct Clean {
    pub calls: Vec<Call>,
    answer: Answer,
    /// The changes in the tables at the end.
    effects: Vec<String>,
}

const PLENTY: Duration = Duration::from_secs(20);

/// Does the job without a fault.
pub async fn clean(services: &Services, prepared: &Prepared) -> (Clean, Snapshot) {
    services.faults.plan(Plan::none());
    let answer = attempt(services.clients(PLENTY), prepared, 0, PLENTY).await.unwrap();
    let calls = services.faults.calls();
    assert_eq!(answer.is_err(), prepared.rejected, "without a fault the answer is {answer:?}");
    if answer.is_err() {
        left_nothing(services, prepared).await.unwrap();
    }
    let shop = deliver_pending(services, prepared.events).await.unwrap();
    assert_eq!(violations_once_ranked(&shop), Vec::<String>::new());
    (Clean { calls, answer, effects: shop.effects_since(&prepared.items) }, shop)
}

/// Sends the request. An error is no answer.
async fn attempt(clients: Clients, prepared: &Prepared, seconds: i64, patience: Duration) -> Result<Answer, Error> {
    let time = RequestTime { now: after(prepared.at, seconds), deadline: Instant::now() + patience };
    match (prepared.job)(clients, time).await {
        Ok(reply) => Ok(Ok(reply)),
        Err(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. }) => Ok(Err(rejection)),
        Err(error) => Err(error),
    }
}

/// Does the job with a fault at one call, on services that have been reset for it. Returns what is stored then.
pub async fn run_with_fault(
    services: &Services,
    prepared: &Prepared,
    clean: &Clean,
    (call, injection): (&Call, FaultInjection),
    trial: u32,
) -> Result<Snapshot, NotPassed> {
    let patience = injection.patience(trial);
    let first = under_fault(services, prepared, (call, injection), patience).await?;
    let first = first.ok_or(NotPassed::OutOfTime("the call was never made"))?;
    if first.is_none() && prepared.events == Stage::InStream && injection.can_be_overcome() {
        return Err(NotPassed::OutOfTime("it gave up, though there was time"));
    }
    if let (Some(Ok(reply)), Ok(expected)) = (&first, &clean.answer)
        && injection.keeps_token()
        && reply.replayed != expected.replayed
    {
        return Err("with its token, a transaction that was sent again was not known again".to_owned().into());
    }
    Ok(settle(services, prepared, clean, first).await?)
}

/// The client's answer under the fault, if it got one; `None` when the fault was not met.
async fn under_fault(
    services: &Services,
    prepared: &Prepared,
    (call, injection): (&Call, FaultInjection),
    patience: Patience,
) -> Result<Option<Option<Answer>>, String> {
    services.faults.plan(injection.plan(call));
    let job = attempt(services.clients(patience.attempt), prepared, 0, patience.process);
    let killed = async {
        match injection {
            FaultInjection::Killed(_) => services.faults.silence().await,
            FaultInjection::Once(_) | FaultInjection::ThreeTimes(_) | FaultInjection::Lasting(_) => {
                std::future::pending::<()>().await;
            }
        }
    };
    let answer = tokio::select! {
        answer = job => Some(answer),
        () = killed => None,
    };
    let calls = services.faults.calls();
    services.faults.plan(Plan::none());
    let met = calls.get(call.number - 1).is_some_and(|met| met.operation == call.operation);
    Ok(match answer {
        _ if !met => None,
        Some(Ok(answer)) => Some(Some(answer)),
        None | Some(Err(Error::Busy(_))) => Some(None),
        Some(Err(error)) => return Err(format!("a fault is taken for something else: {error}")),
    })
}

/// After the fault: the client asks until it knows, late calls arrive, events flow, and the invariants are checked.
async fn settle(
    services: &Services,
    prepared: &Prepared,
    clean: &Clean,
    first: Option<Answer>,
) -> Result<Snapshot, String> {
    if let Some(answer) = &first {
        fits(clean, answer).map_err(|what| format!("under the fault {what}"))?;
        if answer.is_err() {
            left_nothing(services, prepared)
                .await
                .map_err(|what| format!("rejected under the fault, and yet {what}"))?;
        }
    }
    let mut answers: Vec<Answer> = first.into_iter().collect();
    // A client may ask again whatever it heard. A worker that said it was done is not asked again: it must be done.
    let by_client = prepared.events == Stage::InStream;
    if by_client || answers.is_empty() {
        answers.push(again(services, prepared, clean, 60).await?);
    }
    // Delayed calls arrive only now.
    services.faults.deliver_late().await;
    if by_client {
        answers.push(again(services, prepared, clean, 3_600).await?);
    }
    same(&answers)?;
    if clean.answer.is_err() {
        left_nothing(services, prepared).await?;
    }

    let carried = deliver_pending(services, prepared.events).await;
    let shop = carried.map_err(|error| format!("the events did not flow to their end: {error}"))?;
    let violations = violations_once_ranked(&shop);
    if !violations.is_empty() {
        return Err(format!("invariants are violated: {violations:?}"));
    }
    let effects = shop.effects_since(&prepared.items);
    if effects != clean.effects {
        return Err(format!("the effects are {effects:?} and not {:?}", clean.effects));
    }
    Ok(shop)
}

/// Asks again, so many seconds later, until there is an answer; a queue delivers again.
async fn again(services: &Services, prepared: &Prepared, clean: &Clean, seconds: i64) -> Result<Answer, String> {
    let mut last = None;
    for _ in 0..3 {
        services.sqs.pass_visibility_timeout();
        match attempt(services.direct_clients(), prepared, seconds, PLENTY).await {
            Ok(answer) => {
                fits(clean, &answer).map_err(|what| format!("asked again, {what}"))?;
                return Ok(answer);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(format!("no answer though the fault is over: {last:?}"))
}

/// Whether it is the answer that the request gets without faults, but for identifiers.
fn fits(clean: &Clean, answer: &Answer) -> Result<(), String> {
    match (&clean.answer, answer) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(expected), Err(rejection)) if expected == rejection => Ok(()),
        _ => Err(format!("it is {answer:?} and not {:?}", clean.answer)),
    }
}

/// One effect, one answer: what was answered once is answered again, as an earlier request's.
fn same(answers: &[Answer]) -> Result<(), String> {
    let texts: Vec<_> = answers.iter().flatten().map(|reply| &reply.text).collect();
    let repeated = answers.iter().skip(1).flatten().all(|reply| reply.replayed);
    if texts.windows(2).all(|pair| pair[0] == pair[1]) && repeated {
        Ok(())
    } else {
        Err(format!("the answers differ: {answers:?}"))
    }
}

/// A rejection leaves nothing but itself, stored under the request's key.
async fn left_nothing(services: &Services, prepared: &Prepared) -> Result<(), String> {
    let changes = Snapshot::of(&services.database).await.changes_beside_rejections(&prepared.items);
    if changes.is_empty() { Ok(()) } else { Err(format!("it left {changes:?}")) }
}

//! One case: a shop, a job, a call that is struck, and what must be so when everything has come to rest.

use std::time::{Duration, Instant};

use sijang_domain::{Error, Moment, Refusal};
use sijang_local::faults::{Call, Fault, Plan};

use crate::{
    books,
    scenario::{Prepared, Reply},
    shop::after,
    snapshot::Snapshot,
    strike::Strike,
    world::World,
};

/// What a request comes to when nothing is in its way.
pub type Answer = Result<Reply, Refusal>;

/// What happens when nothing goes wrong: what the cases are held against.
pub struct Clean {
    pub calls: Vec<Call>,
    answer: Answer,
    /// What is different in the tables in the end.
    effects: Vec<String>,
}

/// Does the job without a fault.
pub async fn clean(prepared: &Prepared) -> Clean {
    let world = World::with(&prepared.items, &prepared.messages).await;
    world.faults.plan(Plan::none());
    let answer = attempt(&world, prepared, 0, Duration::from_secs(20)).await.unwrap();
    let calls = world.faults.calls();
    let left = Snapshot::of(&world.database).await.effects_since(&prepared.items);
    assert!(answer.is_ok() || left.is_empty(), "refused, and yet it left {left:?}");
    books::carry(&world, prepared.events).await.unwrap();
    assert_eq!(books::violations(&world).await, Vec::<String>::new());
    let effects = Snapshot::of(&world.database).await.effects_since(&prepared.items);
    Clean { calls, answer, effects }
}

/// Sends the request, by a new environment. An error is no answer.
async fn attempt(world: &World, prepared: &Prepared, seconds: i64, patience: Duration) -> Result<Answer, Error> {
    let moment = Moment { now: after(prepared.at, seconds), deadline: Instant::now() + patience };
    match (prepared.job)(world.environment(), moment).await {
        Ok(reply) => Ok(Ok(reply)),
        Err(Error::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error),
    }
}

/// Does the job with one call struck. The error says what is wrong.
pub async fn struck(prepared: &Prepared, clean: &Clean, call: &Call, strike: Strike) -> Result<(), String> {
    let world = World::with(&prepared.items, &prepared.messages).await;
    let first = under_fault(&world, prepared, call, strike).await?;
    if let Some(answer) = &first {
        fits(clean, answer).map_err(|what| format!("under the fault {what}"))?;
        if answer.is_err() {
            left_nothing(&world, prepared).await.map_err(|what| format!("refused under the fault: {what}"))?;
        }
    }

    // The client asks again, an hour later even; a queue delivers again.
    let mut answers: Vec<Answer> = first.into_iter().collect();
    for seconds in [60, 3_600] {
        let again = until_answered(&world, prepared, seconds).await?;
        fits(clean, &again).map_err(|what| format!("asked again, {what}"))?;
        answers.push(again);
        // What was under way all the time arrives only now.
        world.faults.deliver_late().await;
    }
    same(&answers)?;

    if clean.answer.is_err() {
        left_nothing(&world, prepared).await?;
    }
    let carried = books::carry(&world, prepared.events).await;
    carried.map_err(|error| format!("the events did not flow to their end: {error}"))?;
    let violations = books::violations(&world).await;
    if !violations.is_empty() {
        return Err(format!("the books are wrong: {violations:?}"));
    }
    let effects = Snapshot::of(&world.database).await.effects_since(&prepared.items);
    if effects != clean.effects {
        return Err(format!("the effects are {effects:?} and not {:?}", clean.effects));
    }
    Ok(())
}

/// The answer under the fault, if there was one.
async fn under_fault(
    world: &World,
    prepared: &Prepared,
    call: &Call,
    strike: Strike,
) -> Result<Option<Answer>, String> {
    world.faults.plan(strike.plan(call));
    let job = attempt(world, prepared, 0, strike.patience());
    let killed = async {
        match strike {
            Strike::Killed(_) => world.faults.silence().await,
            Strike::Once(_) | Strike::Lasting(_) => std::future::pending().await,
        }
    };
    let answer = tokio::select! {
        answer = job => Some(answer),
        () = killed => None,
    };
    let calls = world.faults.calls();
    world.faults.plan(Plan::none());
    world.sqs.pass_visibility_timeout();
    let met = calls.get(call.number - 1).is_some_and(|met| met.operation == call.operation);
    if !met {
        return Err(format!("the call was never made, only {calls:?}"));
    }
    match answer {
        Some(Ok(answer)) => Ok(Some(answer)),
        None | Some(Err(Error::Busy(_))) => Ok(None),
        Some(Err(error)) => Err(format!("a fault is taken for something else: {error}")),
    }
}

async fn until_answered(world: &World, prepared: &Prepared, seconds: i64) -> Result<Answer, String> {
    let mut last = None;
    for _ in 0..5 {
        world.sqs.pass_visibility_timeout();
        match attempt(world, prepared, seconds, Duration::from_secs(10)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = Some(error),
        }
    }
    Err(format!("no answer though the fault is over: {last:?}"))
}

/// Whether it is the answer that the request gets without faults, but for identifiers.
fn fits(clean: &Clean, answer: &Answer) -> Result<(), String> {
    match (&clean.answer, answer) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(expected), Err(refusal)) if expected == refusal => Ok(()),
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

async fn left_nothing(world: &World, prepared: &Prepared) -> Result<(), String> {
    let changes = Snapshot::of(&world.database).await.changes_since(&prepared.items);
    if changes.is_empty() { Ok(()) } else { Err(format!("it left {changes:?}")) }
}

/// Whether anything happened to a call at all.
pub fn is_clean(call: &Call) -> bool {
    call.fault == Fault::None
}

//! One case: a call, and what becomes of the process that makes it; then everybody does again what they do on AWS, and
//! everything must be as if nothing had happened.

use std::{collections::BTreeMap, time::Duration};

use axum::body::Bytes;
use sijang_cloud::faults::{Call, Plan};
use sijang_testkit::{
    invariants::violations_once_ranked,
    lambda::{
        LambdaHost, PLENTY,
        trigger::{Outcome, Reply},
    },
};
use tokio::time::sleep;

use crate::{enumeration::NotPassed, injection::FaultInjection, processes::scenario::Prepared};

/// The time limit of a function that meets this, longer with every `trial`: so short that it is met, where it is to be met.
/// (A request that has no more than half a second thinks that its limit is wrong, and goes on until it is cut off.)
fn limit(injection: FaultInjection, trial: u32) -> Duration {
    let milliseconds = match injection {
        FaultInjection::Lasting(injection) if injection.fault.is_silent() => 400,
        FaultInjection::Lasting(_) => 1_500,
        FaultInjection::Once(_) | FaultInjection::ThreeTimes(_) | FaultInjection::Killed(_) => return PLENTY,
    };
    Duration::from_millis(milliseconds) * 4_u32.pow(trial)
}

/// The run without a fault, with which the cases are compared.
pub struct Clean {
    pub calls: Vec<Call>,
    reply: Reply,
    /// The changes in the tables at the end.
    effects: Vec<String>,
    /// The objects in the bucket at the end.
    files: BTreeMap<String, Bytes>,
}

/// Runs the function, in a new environment and without a fault.
pub async fn clean(host: &LambdaHost, function: &'static str, prepared: &Prepared) -> Clean {
    host.reset(&prepared.items, &prepared.messages).await;
    host.services.faults.plan(Plan::none());
    let mut environment = host.start(function).await;
    let reply = match prepared.trigger.clone().fire(host, &mut environment, PLENTY).await {
        Outcome::Done(reply) => reply,
        undone => panic!("{function} fails without a fault: {undone}"),
    };
    let calls = host.services.faults.calls();
    // It is gone with whatever it may have left for later.
    environment.kill().await;
    let shop = host.deliver_pending(prepared.events).await.unwrap();
    assert_eq!(violations_once_ranked(&shop), Vec::<String>::new(), "{function}");
    Clean { calls, reply, effects: shop.effects_since(&prepared.items), files: host.services.objects.all() }
}

/// Runs the function, and lets this happen at this call.
pub async fn run_with_fault(
    host: &LambdaHost,
    (function, prepared, clean): (&'static str, &Prepared, &Clean),
    (call, injection): (&Call, FaultInjection),
    trial: u32,
) -> Result<(), NotPassed> {
    host.reset(&prepared.items, &prepared.messages).await;
    let faults = &host.services.faults;
    faults.plan(injection.plan(call));
    let mut environment = host.start(function).await;
    let mut trigger = prepared.trigger.clone();
    let first = tokio::select! {
        biased;
        outcome = trigger.fire(host, &mut environment, limit(injection, trial)) => Some(outcome),
        () = moment_of(injection, host) => None,
    };
    environment.kill().await;
    let met = faults.calls().get(call.number - 1).is_some_and(|met| met.operation == call.operation);
    faults.plan(Plan::none());
    if !met {
        return Err(NotPassed::OutOfTime("the call was never made"));
    }
    let first = match first {
        None | Some(Outcome::CutOff | Outcome::NotDone(_)) => None,
        Some(Outcome::Done(reply)) => Some(reply),
    };
    // The stream may repeat a smaller batch; everybody else repeats the same event.
    Ok(settle(host, function, &Prepared { trigger, ..prepared.clone() }, clean, first).await?)
}

/// Completes when the process is to be killed.
async fn moment_of(injection: FaultInjection, host: &LambdaHost) {
    if !matches!(injection, FaultInjection::Killed(_)) {
        return std::future::pending().await;
    }
    host.services.faults.silence().await;
    // An answer that does not wait for the call would be given now.
    sleep(Duration::from_millis(20)).await;
}

/// Afterwards: whoever started the function does so again until it is done, late calls arrive, the events flow, and
/// the invariants are checked.
async fn settle(
    host: &LambdaHost,
    function: &'static str,
    prepared: &Prepared,
    clean: &Clean,
    first: Option<Reply>,
) -> Result<(), String> {
    let mut environment = host.start(function).await;
    let mut trigger = prepared.trigger.clone();
    let mut replies: Vec<Reply> = first.into_iter().collect();
    // A client may ask again whatever it heard. A worker that said it was done is not asked again: it must be done.
    let by_client = trigger.is_client();
    let mut ask = async || {
        let mut last = String::new();
        for _ in 0..3 {
            host.services.sqs.pass_visibility_timeout();
            match trigger.fire(host, &mut environment, PLENTY).await {
                Outcome::Done(reply) => return Ok(reply),
                undone => last = undone.to_string(),
            }
        }
        Err(format!("not done though nobody dies any more: {last}"))
    };
    if by_client || replies.is_empty() {
        replies.push(ask().await?);
    }
    // Delayed calls arrive only now.
    host.services.faults.deliver_late().await;
    if by_client {
        // From an environment that has been frozen and thawed.
        replies.push(ask().await?);
    }
    one_answer(clean, &replies)?;

    let shop = host.deliver_pending(prepared.events).await?;
    let violations = violations_once_ranked(&shop);
    if !violations.is_empty() {
        return Err(format!("invariants are violated: {violations:?}"));
    }
    if host.services.objects.all() != clean.files {
        return Err("the bucket has other files".to_owned());
    }
    let effects = shop.effects_since(&prepared.items);
    if effects == clean.effects { Ok(()) } else { Err(format!("the effects are {effects:?}, not {:?}", clean.effects)) }
}

/// One effect, one answer: what is answered is what is answered when nothing happens, and from then on the same, byte for
/// byte, as an earlier request's. A rejection leaves nothing to be known again by: only its problem is the same.
fn one_answer(clean: &Clean, replies: &[Reply]) -> Result<(), String> {
    let kind = |reply: &Reply| (reply.status, reply.code());
    let expected = replies.iter().all(|reply| kind(reply) == kind(&clean.reply));
    let same = replies.windows(2).all(|pair| pair[0].body == pair[1].body);
    let repeated = replies.iter().skip(1).all(|reply| reply.replayed);
    if expected && (clean.reply.status >= 400 || (same && repeated)) {
        Ok(())
    } else {
        Err(format!("the answers are {replies:?}, undisturbed {:?}", clean.reply))
    }
}

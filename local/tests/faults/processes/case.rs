//! One case: a call, and what becomes of the process that makes it; then everybody does again what they do on AWS, and
//! everything must be as if nothing had happened.

use std::{fmt, time::Duration};

use sijang_cloud::faults::{Call, Fault, Plan};
use sijang_testkit::{
    invariants::violations_once_ranked,
    lambda::{
        LambdaHost, PLENTY,
        trigger::{Outcome, Reply},
    },
};
use tokio::time::sleep;

use crate::processes::scenario::Prepared;

/// What becomes of a call, and of the process that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillPoint {
    /// Killed before the call gets anywhere.
    Before,
    /// Killed while the call is on its way: it arrives when the caller has long asked again.
    InFlight,
    /// Killed when the call is done, before its reply.
    After,
    /// The call hangs, and so do those that follow it, until the function's time is up.
    CutOff,
    /// The service fails, until the function has given up and says so.
    Outage,
}

impl KillPoint {
    pub const ALL: [Self; 5] = [Self::Before, Self::InFlight, Self::After, Self::CutOff, Self::Outage];

    fn plan(self, call: &Call) -> Plan {
        match self {
            Self::Before => Plan::at(call.number, Fault::Hang),
            Self::InFlight => Plan::at(call.number, Fault::Late),
            Self::After => Plan::at(call.number, Fault::ReplyHung),
            Self::CutOff => Plan::from(call.number, &call.operation, Fault::Hang),
            Self::Outage => Plan::from(call.number, &call.operation, Fault::InternalError),
        }
    }

    /// The function's time limit, longer with every `trial`: so short that it is met, where it is to be met. (A request
    /// that has no more than half a second thinks that its limit is wrong, and goes on until it is cut off.)
    fn limit(self, trial: u32) -> Duration {
        let milliseconds = match self {
            Self::CutOff => 400,
            Self::Outage => 1_500,
            Self::Before | Self::InFlight | Self::After => return PLENTY,
        };
        Duration::from_millis(milliseconds) * 4_u32.pow(trial)
    }
}

impl fmt::Display for KillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "killed before it",
            Self::InFlight => "killed while it was on its way",
            Self::After => "killed after it",
            Self::CutOff => "cut off",
            Self::Outage => "the service failing",
        })
    }
}

/// What happens when nothing goes wrong: what the cases are held against.
pub struct Clean {
    pub calls: Vec<Call>,
    reply: Reply,
    /// What is different in the tables in the end.
    effects: Vec<String>,
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
    Clean { calls, reply, effects: shop.effects_since(&prepared.items) }
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as it must be. Whether the process was killed; else it came to an end
    /// by itself.
    Passed { killed: bool },
    /// The process never came to the call: its time was up before.
    NotMet,
    /// What is wrong.
    Failed(String),
}

/// Runs the function, and lets this happen at this call.
pub async fn run_with_fault(
    host: &LambdaHost,
    (function, prepared, clean): (&'static str, &Prepared, &Clean),
    (call, kill_point): (&Call, KillPoint),
    trial: u32,
) -> Verdict {
    host.reset(&prepared.items, &prepared.messages).await;
    let faults = &host.services.faults;
    faults.plan(kill_point.plan(call));
    let mut environment = host.start(function).await;
    let mut trigger = prepared.trigger.clone();
    let first = tokio::select! {
        biased;
        outcome = trigger.fire(host, &mut environment, kill_point.limit(trial)) => Some(outcome),
        () = moment_of(kill_point, host) => None,
    };
    environment.kill().await;
    let met = faults.calls().get(call.number - 1).is_some_and(|met| met.operation == call.operation);
    faults.plan(Plan::none());
    if !met {
        return Verdict::NotMet;
    }
    let (killed, first) = match first {
        None | Some(Outcome::CutOff) => (true, None),
        Some(Outcome::NotDone(_)) => (false, None),
        Some(Outcome::Done(reply)) => (false, Some(reply)),
    };
    // What the stream repeats may have become less; everybody else repeats what it was.
    match settle(host, function, &Prepared { trigger, ..prepared.clone() }, clean, first).await {
        Ok(()) => Verdict::Passed { killed },
        Err(failure) => Verdict::Failed(failure),
    }
}

/// Completes when the process is to be killed.
async fn moment_of(kill_point: KillPoint, host: &LambdaHost) {
    if matches!(kill_point, KillPoint::CutOff | KillPoint::Outage) {
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
    // What was on its way all the time arrives only now.
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

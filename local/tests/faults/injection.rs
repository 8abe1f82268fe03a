//! Which faults a call is put to, and how the process meets them.

use std::{fmt, time::Duration};

use sijang_cloud::faults::{Call, Fault, Injection, Plan};

/// How a fault injections a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultInjection {
    /// Once; the process goes on.
    Once(Injection),
    /// This call and the two after it: more than the SDK's own retries get over.
    ThreeTimes(Injection),
    /// From this call on, for its operation, until the process has to give up.
    Lasting(Injection),
    /// The process is killed while the call has no reply.
    Killed(Injection),
}

impl FaultInjection {
    /// All that a call is put to: reads change nothing, and are put to less.
    pub fn all(call: &Call) -> Vec<Self> {
        let (reads, operation) = (call.is_read(), call.operation.as_str());
        let once = [
            Fault::InternalError,
            Fault::Throttled,
            Fault::ThroughputExceeded,
            Fault::InProgress,
            Fault::Conflict,
            Fault::ConflictAndCondition,
            Fault::CancelledByThrottling,
            Fault::CancelledByThroughput,
            Fault::Reset,
            Fault::HalfBatch,
        ];
        let writes_once = [
            Fault::Delay(Duration::from_millis(20)),
            Fault::Hang,
            Fault::Late,
            Fault::ReplyDropped,
            Fault::ReplyHung,
            Fault::Twice,
        ];
        let lasting = [Fault::InternalError, Fault::Throttled, Fault::Reset, Fault::HalfBatch];
        let writes_lasting = [Fault::Conflict, Fault::ConflictAndCondition, Fault::ReplyDropped];
        let killed = [Fault::Hang];
        let writes_killed = [Fault::Late, Fault::ReplyHung];

        let some = |always: &[Fault], writes: &[Fault]| {
            let writes = if reads { &[] } else { writes };
            let faults = always.iter().chain(writes).copied().filter(|fault| fault.applies_to(operation));
            faults.collect::<Vec<_>>()
        };
        let mut injections = Vec::new();
        injections.extend(some(&once, &writes_once).into_iter().map(|fault| Self::Once(fault.into())));
        injections.extend(some(&lasting, &writes_lasting).into_iter().map(|fault| Self::Lasting(fault.into())));
        injections.extend(some(&killed, &writes_killed).into_iter().map(|fault| Self::Killed(fault.into())));
        if operation == "TransactWriteItems" {
            let forgotten = [Fault::None, Fault::Twice, Fault::ReplyDropped, Fault::ReplyHung, Fault::Late];
            injections.extend(forgotten.map(|fault| Self::Once(fault.without_token())));
            let three_times = [Fault::InternalError, Fault::ReplyDropped, Fault::Conflict, Fault::ConflictAndCondition];
            injections.extend(three_times.map(|fault| Self::ThreeTimes(fault.into())));
            injections.push(Self::ThreeTimes(Fault::ReplyDropped.without_token()));
            injections.push(Self::Lasting(Fault::ReplyDropped.without_token()));
            injections.push(Self::Killed(Fault::Late.without_token()));
        }
        injections
    }

    /// All that a process of its own is put to: it is killed before the call, while the call is on its way, and after it.
    /// It runs into its time limit because the call hangs, and it gives up because the service fails. A file that is read
    /// is the same after the call as before.
    pub fn of_a_process(call: &Call) -> Vec<Self> {
        if ["GET object", "HEAD object"].contains(&call.operation.as_str()) {
            return vec![Self::Killed(Fault::Hang.into())];
        }
        let killed = [Fault::Hang, Fault::Late, Fault::ReplyHung].map(|fault| Self::Killed(fault.into()));
        let lasting = [Fault::Hang, Fault::InternalError].map(|fault| Self::Lasting(fault.into()));
        killed.into_iter().chain(lasting).collect()
    }

    /// Whether the transaction has its token, by which the service knows it again.
    pub fn keeps_token(self) -> bool {
        match self {
            Self::Once(injection)
            | Self::ThreeTimes(injection)
            | Self::Lasting(injection)
            | Self::Killed(injection) => !injection.without_token,
        }
    }

    /// Whether a process that tries again gets over it in its time.
    pub fn can_be_overcome(self) -> bool {
        matches!(self, Self::Once(_) | Self::ThreeTimes(_))
    }

    pub fn plan(self, call: &Call) -> Plan {
        match self {
            Self::Once(injection) | Self::Killed(injection) => Plan::at(call.number, injection),
            Self::ThreeTimes(injection) => Plan::during(call.number..call.number + 3, injection),
            Self::Lasting(injection) => Plan::from(call.number, &call.operation, injection),
        }
    }

    /// How long an attempt of a call may take, and how long the process has in all: what waits for its time to be up
    /// waits a little, and longer with every `trial`.
    pub fn patience(self, trial: u32) -> Patience {
        let (plenty, little) = (Duration::from_secs(20), Duration::from_millis(150) * 4_u32.pow(trial));
        match self {
            Self::Once(injection) if injection.fault.is_silent() => Patience { attempt: little, process: plenty },
            Self::Once(_) | Self::ThreeTimes(_) | Self::Killed(_) => Patience { attempt: plenty, process: plenty },
            Self::Lasting(_) => Patience { attempt: plenty, process: little * 2 },
        }
    }
}

/// How long a process waits.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub attempt: Duration,
    pub process: Duration,
}

impl fmt::Display for FaultInjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, Injection { fault, without_token }) = match self {
            Self::Once(injection) => ("", injection),
            Self::ThreeTimes(injection) => (", three times", injection),
            Self::Lasting(injection) => (", lasting", injection),
            Self::Killed(injection) => (", process killed", injection),
        };
        let token = if *without_token { " without token" } else { "" };
        write!(f, "{fault:?}{token}{how}")
    }
}

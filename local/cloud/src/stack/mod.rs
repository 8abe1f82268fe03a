//! A whole stack on this machine: the local cloud with `template.yaml` deployed to it, and the functions. `./local/up` runs
//! one; tests run others, isolated, on free ports.

mod functions;
mod parts;

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Result;
use serde_json::Value;

use crate::{
    build,
    faults::{Faults, Proxy},
    iam::{Enforcer, Roles},
    lambda::{Functions, InvokeEndpoint},
    layout::{Repository, StateFolder},
    ministack::{Cloud, Deployment, Invocation, MiniStack, user_pool::UserPools},
    progress::Progress,
    template::Template,
};

/// Name of the local stack, and so the prefix of all physical names.
pub const STACK_NAME: &str = "sijang";

/// How to start a stack.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Folder of its data and logs. The caller holds its lock, see [`StateFolder::lock`].
    pub state: PathBuf,
    /// Empties the data first.
    pub fresh: bool,
    /// Prints nothing.
    pub quiet: bool,
    /// Builds the functions first.
    pub build: bool,
    /// Parameters of the template, over the local ones.
    pub parameters: BTreeMap<String, String>,
    /// Number of execution environments by function name, over the local ones.
    pub instances: BTreeMap<String, usize>,
    /// Faults between the functions and the cloud, for tests that inject them.
    pub faults: Option<Faults>,
}

impl StackOptions {
    /// An isolated stack for tests: no output, the binaries as they are.
    pub fn isolated(state: impl Into<PathBuf>) -> Self {
        Self {
            state: state.into(),
            fresh: false,
            quiet: true,
            build: false,
            parameters: BTreeMap::new(),
            instances: BTreeMap::new(),
            faults: None,
        }
    }
}

/// A running stack. Stop it with [`Stack::stop`], which keeps its data; dropping it only ends its processes.
#[derive(Debug)]
pub struct Stack {
    endpoint: InvokeEndpoint,
    functions: Functions,
    enforcer: Enforcer,
    faults: Option<Proxy>,
    ministack: MiniStack,
    template: Template,
    deployment: Deployment,
    user_pools: UserPools,
    state: StateFolder,
}

impl Stack {
    /// Starts a stack and waits until it serves.
    pub async fn start(options: StackOptions) -> Result<Self> {
        let progress = Progress::new(options.quiet);
        let repository = Repository::find()?;
        let state = StateFolder::open(&options.state)?;
        state.clear_logs()?;
        if options.fresh {
            state.empty()?;
            progress.say("fresh      the stored data was removed");
        }
        let template = Template::load(&repository.template())?;
        progress.say(format_args!("template   template.yaml, sha256 {}", template.sha256()));
        let build = async {
            let building = build::programs(repository.root(), options.quiet);
            if options.build {
                progress.step("build", "waiting for cargo to build the functions", building).await?;
            }
            Ok(())
        };
        let (programs, ()) = tokio::try_join!(MiniStack::fetch(&repository, progress), build)?;
        let specs = functions::specs(&template, &repository, &state, &options.instances)?;

        let endpoint = InvokeEndpoint::start().await?;
        let ministack = parts::start_ministack(&programs, &state, &template, &endpoint, progress).await?;
        let cloud = ministack.cloud().clone();
        let parameters = parts::parameters(&options.parameters);
        let deployment = parts::deploy(&cloud, &template, &parameters, progress).await?;
        let user_pools = UserPools::open(&cloud, &deployment).await?;

        let faults = match &options.faults {
            Some(faults) => Some(Proxy::start(cloud.endpoint(), faults).await?),
            None => None,
        };
        let behind_the_enforcer = faults.as_ref().map_or_else(|| cloud.endpoint().to_owned(), Proxy::endpoint);
        let enforcer = Enforcer::start(&behind_the_enforcer, Roles::of(&template, STACK_NAME)?, progress).await?;
        let functions = functions::serve(&cloud, &enforcer, specs, &state, progress).await?;
        endpoint.open(&functions);
        Ok(Self { endpoint, functions, enforcer, faults, ministack, template, deployment, user_pools, state })
    }

    /// A client of the local cloud.
    pub fn cloud(&self) -> &Cloud {
        self.ministack.cloud()
    }

    /// The deployed stack.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Where customers and staff sign in.
    pub fn user_pools(&self) -> &UserPools {
        &self.user_pools
    }

    /// Endpoint of the local cloud, for `AWS_ENDPOINT_URL`.
    pub fn ministack_endpoint(&self) -> &str {
        self.ministack.cloud().endpoint()
    }

    /// Address at which a caller with a function's name for an access key has that function's role.
    pub fn gate_endpoint(&self) -> String {
        self.enforcer.endpoint()
    }

    /// Where calls of the cloud suffer the faults that the functions' calls do; the cloud itself when there are none.
    pub fn faulty_endpoint(&self) -> String {
        self.faults.as_ref().map_or_else(|| self.ministack_endpoint().to_owned(), Proxy::endpoint)
    }

    /// The roles of its functions, and their calls.
    pub fn roles(&self) -> &Roles {
        self.enforcer.roles()
    }

    /// The template it was deployed from.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// An output of the deployed stack: `OrderEventsQueueUrl`.
    pub fn output(&self, name: &str) -> Option<&str> {
        self.deployment.outputs.get(name).map(String::as_str)
    }

    /// Physical name of a table: `sijang-user-coupons` for `user-coupons`.
    pub fn table(&self, name: &str) -> String {
        physical_name(name)
    }

    /// Invokes a function through the Lambda API: `aggregate-daily-stats`.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Invocation> {
        self.ministack.cloud().invoke(&physical_name(function), event).await
    }

    /// Process ids of a function's execution environments.
    pub fn pids(&self, function: &str) -> Vec<u32> {
        self.functions.pids(&physical_name(function))
    }

    /// Folder of its data and logs.
    pub fn state(&self) -> &StateFolder {
        &self.state
    }

    /// Completes with the reason when the local cloud has ended: it cannot go on.
    pub async fn lost(&mut self) -> String {
        self.ministack.ended().await
    }

    /// Stops everything, in order: events are delivered to their end, the functions' processes end, the data is
    /// written. The caller stops sending requests first.
    pub async fn stop(self) {
        self.functions.settle().await;
        self.functions.stop().await;
        self.ministack.stop().await;
        self.endpoint.stop().await;
    }
}

/// `orders` is `sijang-orders`.
pub fn physical_name(name: &str) -> String {
    format!("{STACK_NAME}-{name}")
}

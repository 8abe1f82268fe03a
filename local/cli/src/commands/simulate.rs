//! `./local/shop simulate`

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{cargo, exec};

/// Simulates a flash sale against a simulated DynamoDB, in virtual time, for each number of shards.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Customers
    #[arg(long)]
    buyers: Option<u64>,
    /// Units, or coupons, on sale
    #[arg(long)]
    units: Option<u64>,
    /// Numbers of shards, separated by commas: 1,8,96
    #[arg(long)]
    shards: Option<String>,
    /// How many seeds are run
    #[arg(long)]
    seeds: Option<u64>,
    /// What is sold
    #[arg(long)]
    kind: Option<Kind>,
    /// Requests a second
    #[arg(long)]
    rate: Option<u64>,
    /// Write capacity that is warm when the sale begins, in units a second
    #[arg(long)]
    warm: Option<u64>,
    /// Factor on the time in which transactions conflict
    #[arg(long)]
    window: Option<f64>,
    /// By how much customers come late at most, in milliseconds
    #[arg(long)]
    lateness: Option<u64>,
    /// Whether all shards are in one partition
    #[arg(long)]
    together: Option<bool>,
    /// With a CloudFront distribution: customers look at so many edge locations before they ask; 10 unless a number is
    /// given. 0,10 simulates each sale without and with it
    #[arg(long, value_name = "LOCATIONS", num_args = 0..=1, default_missing_value = "10")]
    edge: Option<String>,
    /// Write the results into local/lab/SIMULATION.md
    #[arg(long)]
    write: bool,
    /// Instead: copies of keyed commands, of so many keys, each of which must get one answer
    #[arg(long, value_name = "KEYS", exclusive = true)]
    copies: Option<u64>,
    /// Instead: commands of staff during a sale, at 25 to 500 orders a second, and when each is in force
    #[arg(long, exclusive = true)]
    staff: bool,
    /// Instead: so many views of a product in 96 shards, and their read units
    #[arg(long, exclusive = true)]
    viewers: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Orders,
    Coupons,
}

impl Simulate {
    pub(super) fn run(self) -> Result<()> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let kind = self.kind.map(|kind| match kind {
            Kind::Orders => "orders".to_owned(),
            Kind::Coupons => "coupons".to_owned(),
        });
        let settings = [
            ("SIJANG_BUYERS", number(self.buyers)),
            ("SIJANG_UNITS", number(self.units)),
            ("SIJANG_SHARDS", self.shards),
            ("SIJANG_SEEDS", number(self.seeds)),
            ("SIJANG_KIND", kind),
            ("SIJANG_RATE", number(self.rate)),
            ("SIJANG_WARM", number(self.warm)),
            ("SIJANG_WINDOW", self.window.map(|value| value.to_string())),
            ("SIJANG_LATENESS", number(self.lateness)),
            ("SIJANG_TOGETHER", self.together.map(|value| value.to_string())),
            ("SIJANG_EDGE", self.edge),
            ("UPDATE_EXPECT", self.write.then(|| "1".to_owned())),
            ("SIJANG_COPIES", number(self.copies)),
            ("SIJANG_RATES", self.staff.then(|| "25,100,250,500".to_owned())),
            ("SIJANG_VIEWERS", number(self.viewers)),
        ];
        let name = match (self.copies, self.staff, self.viewers) {
            (Some(_), ..) => "copies::copies_of_a_keyed_command_get_one_answer_while_the_shop_changes",
            (_, true, _) => "staff::staff_commands_are_in_force_within_a_second_while_the_shop_sells",
            (_, _, Some(_)) => "staff::view_of_96_shards_costs_less_than_a_read_unit_on_the_average_of_a_rush",
            _ => "sweep::sweep",
        };
        let mut test = cargo(&["test", "--workspace", "--locked", "--test", "simulation"])?;
        test.args(["--", "--include-ignored", "--nocapture", "--exact", name]);
        test.envs(settings.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Err(exec(&mut test))
    }
}

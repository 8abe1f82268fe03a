//! The large sale, for each number of shards: what `./local/shop simulate` runs, and writes into
//! `local/lab/SIMULATION.md`.

use std::{env, fs, path::Path, time::Duration};

use sijang_cloud::progress::Progress;
use sijang_domain::ShardCount;

use super::{
    assumptions::Cloud,
    dynamo::Mutation,
    plot::plot,
    report::{Row, figures, table},
    sale::Plan,
    shop::Kind,
};

/// An option of the command, or what it is without.
pub fn option<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    env::var(format!("SIJANG_{name}")).ok().map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("--{} {text} is not understood", name.to_lowercase()))
    })
}

#[test]
#[ignore = "it takes minutes: ./local/shop simulate"]
fn sweep() {
    let (buyers, units, seeds) = (option("BUYERS", 100_000), option("UNITS", 10_000), option("SEEDS", 1));
    let counts: String = option("SHARDS", "1,2,4,8,16,32,64,96".to_owned());
    let counts: Vec<ShardCount> =
        counts.split(',').map(|count| ShardCount::new(count.trim().parse().unwrap()).unwrap()).collect();
    let edges: String = option("EDGE", "0".to_owned());
    let edges: Vec<usize> = edges.split(',').map(|count| count.trim().parse().unwrap()).collect();
    let rate = option("RATE", 10_000.0);
    let mut cloud = Cloud {
        warm_writes: option("WARM", 40_000),
        shards_together: option("TOGETHER", false),
        route_rate: rate,
        route_burst: rate / 2.0,
        ..Cloud::default().slower(option("WINDOW", 1.0))
    };
    let (kinds, mut rows) = (option("KIND", String::new()), Vec::new());
    let progress = Progress::new(false);
    for kind in [Kind::Orders, Kind::Coupons] {
        if !kind.to_string().contains(&kinds) {
            continue;
        }
        for (shards, edge) in counts.iter().flat_map(|shards| edges.iter().map(move |edge| (shards, edge))) {
            cloud.edge_locations = *edge;
            let mut row = Row::new(kind, *shards, *edge);
            for seed in 1..=seeds {
                let plan = Plan {
                    kind,
                    buyers,
                    units,
                    shards: *shards,
                    lateness: Duration::from_millis(option("LATENESS", 500)),
                    reshard: None,
                    delivery: None,
                    cloud: cloud.clone(),
                    seed,
                    mutation: Mutation::None,
                    loud: true,
                };
                let outcome = plan.hold();
                assert_eq!(outcome.violations, Vec::<String>::new(), "{kind}, {} shards, seed {seed}", shards.get());
                row.add(&outcome);
            }
            progress.say(row.line());
            assert_eq!(
                row.false_rejections,
                0,
                "{kind}, {} shards: rejected while there was one for them",
                shards.get()
            );
            rows.push(row);
        }
    }
    println!("{}\n{}", table(&rows), figures(&cloud));
    if env::var_os("UPDATE_EXPECT").is_some() {
        write(&rows, &cloud);
    }
}

/// Puts the results into their page, between its marks, and draws them.
fn write(rows: &[Row], cloud: &Cloud) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = folder.join("SIMULATION.md");
    let mut text = fs::read_to_string(&page).unwrap();
    for (name, content) in [("results", table(rows)), ("figures", figures(cloud))] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let (before, rest) = text.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        text = format!("{before}{begin}{content}{end}{after}");
    }
    fs::write(page, text).unwrap();
    fs::write(folder.join("simulation.svg"), plot(rows)).unwrap();
}

//! The results as a drawing: four panels over the number of shards, a line for each kind of sale, with and without an edge.

use std::fmt::Write as _;

use super::{
    report::{Figure, Row},
    shop::Kind,
};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 220.0;
/// Around what is drawn of a panel.
const MARGIN: f64 = 44.0;

const PANELS: [(&str, Figure, usize); 4] = [
    ("sold per second", Figure::Rate, 0),
    ("answer, p99, seconds", Figure::P99, 1),
    ("conflicts", Figure::Conflicts, 0),
    ("cost, dollars", Figure::Cost, 2),
];
/// Kind of sale, whether there is an edge, name, colour.
const LINES: [(Kind, bool, &str, &str); 4] = [
    (Kind::Orders, false, "orders", "#0b6e4f"),
    (Kind::Coupons, false, "coupons", "#c8553d"),
    (Kind::Orders, true, "orders, with an edge", "#7bc8a4"),
    (Kind::Coupons, true, "coupons, with an edge", "#f0b49e"),
];

/// The drawing, as SVG.
#[allow(clippy::cast_precision_loss)] // panels and lines are few
pub fn plot(rows: &[Row]) -> String {
    let (width, height) = (2.0 * WIDTH, 2.0 * HEIGHT + 24.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<title>A simulated flash sale by the number of shards</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (number, (title, figure, digits)) in PANELS.into_iter().enumerate() {
        let (column, line) = ((number % 2) as f64, (number / 2) as f64);
        writeln!(svg, "<g transform=\"translate({} {})\">", column * WIDTH, line * HEIGHT).unwrap();
        panel(&mut svg, title, rows, figure, digits);
        svg.push_str("</g>\n");
    }
    for (number, (_, _, name, colour)) in LINES.into_iter().enumerate() {
        let x = MARGIN + 150.0 * number as f64;
        writeln!(svg, "<text x=\"{x}\" y=\"{}\" fill=\"{colour}\">● {name}</text>", height - 10.0).unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, title: &str, rows: &[Row], figure: Figure, digits: usize) {
    let most = rows.iter().map(|row| row.figure(figure)).fold(f64::MIN_POSITIVE, f64::max);
    let widest = rows.iter().map(|row| f64::from(row.shards.get()).log2()).fold(1.0, f64::max);
    let x = |row: &Row| MARGIN + (WIDTH - 2.0 * MARGIN) * f64::from(row.shards.get()).log2() / widest;
    let y = |value: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * value / most;
    writeln!(svg, "<text x=\"{MARGIN}\" y=\"26\" font-size=\"13\" font-weight=\"bold\">{title}</text>").unwrap();
    for value in [0.0, most / 2.0, most] {
        let (y, end) = (y(value), WIDTH - MARGIN);
        writeln!(svg, "<path d=\"M{MARGIN} {y:.1}H{end}\" stroke=\"#ddd\"/>").unwrap();
        let (x, y) = (MARGIN - 6.0, y + 4.0);
        writeln!(svg, "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{value:.digits$}</text>").unwrap();
    }
    for (kind, has_edge, _, colour) in LINES {
        let of_kind = || rows.iter().filter(move |row| row.kind == kind && (row.edge > 0) == has_edge);
        let points: Vec<String> = of_kind().map(|row| format!("{:.1},{:.1}", x(row), y(row.figure(figure)))).collect();
        let points = points.join(" ");
        writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>").unwrap();
        for row in of_kind() {
            let (x, y) = (x(row), y(row.figure(figure)));
            writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>").unwrap();
            let below = HEIGHT - MARGIN + 16.0;
            writeln!(svg, "<text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{}</text>", row.shards.get())
                .unwrap();
        }
    }
}

//! The picture: horizontal bars, each group with its own scale and its unit in its title.

use std::fmt::Write;

use crate::report::Bars;

const WIDTH: f64 = 720.0;
const LABEL: f64 = 215.0;
const BAR: f64 = 18.0;
const STEP: f64 = 26.0;

/// All groups, one below the other. Dark and light pages show it alike: it brings its own paper.
pub fn svg(charts: &[Bars]) -> String {
    let (mut body, mut y) = (String::new(), 16.0);
    for chart in charts {
        y += 20.0;
        let _ = writeln!(body, r#"<text x="16" y="{y}" class="title">{}</text>"#, chart.title);
        y += 12.0;
        let most = chart.bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
        for (name, value) in &chart.bars {
            let length = (value / most * (WIDTH - LABEL - 110.0)).max(1.0);
            let class = if name.starts_with("Sijang") || name.starts_with("our") { "ours" } else { "other" };
            let middle = y + BAR - 5.0;
            let _ = writeln!(body, r#"<text x="{}" y="{middle}" text-anchor="end">{name}</text>"#, LABEL - 8.0);
            let _ = writeln!(body, r#"<rect x="{LABEL}" y="{y}" width="{length:.1}" height="{BAR}" class="{class}"/>"#);
            let _ = writeln!(body, r#"<text x="{:.1}" y="{middle}">{}</text>"#, LABEL + length + 6.0, shown(*value));
            y += STEP;
        }
    }
    let height = y + 16.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Sijang beside Node, Python and the lower bound">
<style>text {{ font: 13px system-ui, sans-serif; fill: #222 }} .title {{ font-weight: 600 }} .ours {{ fill: #c2410c }} .other {{ fill: #94a3b8 }}</style>
<rect width="100%" height="100%" fill="#fff"/>
{body}</svg>
"##
    )
}

fn shown(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { crate::report::thousands(value) }
}

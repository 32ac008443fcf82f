//! A report as one HTML file that loads nothing from elsewhere and runs no scripts.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    report::{Line, Part, Report, ScoreLine},
    tally::Example,
    text::{FAULTS, UNREPEATABLE},
};

const STYLE: &str = "\
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}\
body{max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}\
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
code{font-size:.85em;opacity:.75}\
summary{cursor:pointer}ul{margin:.3rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}\
.gained{color:light-dark(#11692c,#6bd089)}.lost{color:light-dark(#a02020,#ff9a90)}\
.lead{font-size:1.3rem}";

/// Nothing from elsewhere and no script, even if one came in.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

impl Report {
    /// The report as an HTML document.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width";
                    meta http-equiv="Content-Security-Policy" content=(POLICY);
                    link rel="icon" href="data:,";
                    title { "sayso backtest" }
                    style { (PreEscaped(STYLE)) }
                }
                body { (self.body()) }
            }
        };
        page.into_string()
    }

    fn body(&self) -> Markup {
        html! {
            h1 { "Backtest" }
            p.lead { (self.changed) " of " (self.items) " pieces of feedback would get other routes, tags, intents, labels or scores." }
            @if self.unreadable > 0 {
                p { (self.unreadable) " more are on record in a form that cannot be read." }
            }
            h2 { "Chains" }
            table {
                tr { th { "Chain" } th { "Plugins" } th.n { "µs an item" } th.n { "From the records" } }
                (part("live", &self.live))
                (part("candidate", &self.candidate))
            }
            (faults(&[("live", &self.live), ("candidate", &self.candidate)]))
            @for (heading, lines) in self.families() {
                h2 { (heading) }
                (family(lines))
            }
            h2 { "Scores" }
            (scores(&self.scores))
            p { (self.items) " items in " (format!("{:.1}", self.seconds)) " s on " (self.workers) " threads." }
        }
    }
}

fn part(name: &str, part: &Part) -> Markup {
    html! {
        tr {
            td { (name) }
            td {
                @for (place, plugin) in part.plugins.iter().enumerate() {
                    @if place > 0 { " → " }
                    span title={ (plugin.digest) ", configuration " (plugin.config) } {
                        @if plugin.in_both { (plugin.name) } @else { strong { (plugin.name) } }
                        " " code { (plugin.version) }
                        @if !plugin.repeatable { " (" (UNREPEATABLE) ")" }
                    }
                }
            }
            td.n { @if let Some(us) = part.us_per_item { (format!("{us:.1}")) } @else { "not run" } }
            td.n { (part.stored) }
        }
    }
}

fn faults(parts: &[(&str, &Part)]) -> Markup {
    let any = parts.iter().any(|(_, part)| !part.faults.is_empty());
    html! {
        @if any {
            h2 { "Faults" }
            table {
                tr { th { "Chain" } th { "Plugin" } th.n { "Items" } th { "The first" } }
                @for (name, part) in parts {
                    @for fault in &part.faults {
                        tr { td { (name) } td { (fault.plugin) } td.n { (fault.count) } td { (fault.reason) } }
                    }
                }
            }
            p { (FAULTS) }
        }
    }
}

fn family(lines: &[Line]) -> Markup {
    html! {
        @if lines.is_empty() {
            p { "No change." }
        } @else {
            table {
                tr { th { "Name" } th.n { "Gained" } th.n { "Lost" } th { "Examples" } }
                @for line in lines {
                    tr {
                        td { (line.name) }
                        td.n.gained { (line.gained) }
                        td.n.lost { (line.lost) }
                        td {
                            (examples("gained", &line.gained_examples))
                            (examples("lost", &line.lost_examples))
                        }
                    }
                }
            }
        }
    }
}

fn examples(word: &str, examples: &[Example]) -> Markup {
    html! {
        @if !examples.is_empty() {
            details open[examples.len() < 3] {
                summary class=(word) { (examples.len()) " " (word) }
                ul { @for example in examples { li { (example.excerpt) " " code { (example.id) } } } }
            }
        }
    }
}

fn scores(scores: &[ScoreLine]) -> Markup {
    let number = |value: f64| format!("{value:.4}");
    html! {
        @if !scores.iter().any(ScoreLine::is_changed) {
            p { "No change." }
        } @else {
            table {
                tr {
                    th { "Name" } th.n { "Moved" } th.n { "Mean" } th.n { "Mean |shift|" } th.n { "p50" } th.n { "p95" }
                    th { "Farthest" }
                }
                @for score in scores.iter().filter(|score| score.is_changed()) {
                    tr {
                        td { (score.name) }
                        td.n { (score.changed) " of " (score.compared) }
                        td.n { (number(score.mean)) }
                        td.n { (number(score.mean_absolute)) }
                        td.n { (number(score.p50_absolute)) }
                        td.n { (number(score.p95_absolute)) }
                        td {
                            @if score.gained + score.lost > 0 {
                                p { (score.gained) " gained, " (score.lost) " lost" }
                            }
                            ul {
                                @for mover in &score.movers {
                                    li {
                                        (number(mover.before)) " → " (number(mover.after)) ": " (mover.example.excerpt)
                                        " " code { (mover.example.id) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

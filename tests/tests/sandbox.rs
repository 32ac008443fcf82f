//! Plugins that attack the host while they run, each in one item of a batch of 256: the attack costs that item, the
//! other 255 come out as without it, the healthy plugin beside it is as fast, and the host's memory stays bounded.

use sayso_tests::{Server, guest};
use serde_json::{Value, json};

const BATCH: usize = 256;
const PLACE: usize = 77;
const MEMORY_BYTES: u64 = 32 << 20;

/// A server whose chain is the hostile plugin and the scorer behind it.
async fn server(deadline_ms: u32) -> Server {
    let config = format!(
        "[pipeline]\nbatch = {BATCH}\nworkers = 2\n\n[[plugin]]\nname = \"hostile\"\nuse = \"{}\"\n\
         grants = [\"text\", \"history\"]\nlimits = {{ deadline_ms = {deadline_ms}, memory_bytes = {MEMORY_BYTES} }}\n\n\
         [[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n",
        guest("hostile").display()
    );
    Server::builder().config(&config).start().await
}

fn review(text: &str) -> Value {
    json!({"kind": "review", "text": text, "language": "en", "customer": {"id": "c1"}})
}

/// A batch of tame items, with an attack among them.
fn batch(attack: Option<&str>) -> Value {
    let word = |n| ["great", "terrible", "good", "poor"][n % 4];
    let mut items: Vec<_> = (0..BATCH).map(|n| review(&format!("A {} product, number {n}.", word(n)))).collect();
    if let Some(attack) = attack {
        items[PLACE] = review(&format!("ATTACK {attack}"));
    }
    Value::Array(items)
}

/// The analyses of a batch, in its order.
async fn analyses(server: &Server, attack: Option<&str>) -> Vec<Value> {
    let mut answer = server.analyze(&batch(attack)).await;
    let results = answer["results"].as_array_mut().expect("results");
    results.iter_mut().map(|result| result["analysis"].take()).collect()
}

/// What does not differ from run to run: all but the times.
fn timeless(mut analysis: Value) -> Value {
    for entry in analysis["provenance"].as_array_mut().expect("provenance") {
        entry.as_object_mut().expect("an entry").remove("us");
    }
    analysis
}

/// What the plugin with this name did with the item, by the provenance of its analysis.
fn ran<'a>(analysis: &'a Value, plugin: &str) -> &'a Value {
    let provenance = analysis["provenance"].as_array().expect("provenance");
    provenance.iter().find(|entry| entry["plugin"] == plugin).expect("the plugin has an entry")
}

/// Microseconds that the scorer took for all items but the attack.
fn scorer_us(analyses: &[Value]) -> u64 {
    let others = analyses.iter().enumerate().filter(|(place, _)| *place != PLACE);
    others.map(|(_, analysis)| ran(analysis, "sentiment")["us"].as_u64().expect("a time")).sum()
}

/// The most memory that the server ever had, in bytes.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// Runs attacks in one server, and holds each batch against one without.
async fn cost_their_items_alone(attacks: &[(&str, &str)]) {
    let server = server(300).await;
    let tame: Vec<_> = analyses(&server, None).await.into_iter().map(timeless).collect();
    let before = peak(&server);
    for (attack, reason) in attacks {
        let hostile: Vec<_> = analyses(&server, Some(attack)).await.into_iter().map(timeless).collect();
        assert_eq!(hostile.len(), BATCH);
        for (place, (hostile, tame)) in hostile.iter().zip(&tame).enumerate() {
            if place != PLACE {
                assert_eq!(hostile, tame, "{attack}: item {place} differs");
                continue;
            }
            let entry = ran(hostile, "hostile");
            assert_eq!(entry["status"], "skipped", "{attack}: {hostile:#}");
            let said = entry["reason"].as_str().expect("a reason");
            assert!(said.contains(reason), "{attack}: said `{said}`, not `{reason}`");
            assert_eq!(ran(hostile, "sentiment")["status"], "ok", "{attack}");
        }
    }
    let grown = peak(&server).saturating_sub(before);
    // An instance of the attacker a worker, what it hands over, and what the batches themselves take.
    assert!(grown < 4 * MEMORY_BYTES, "the host grew by {} MiB", grown >> 20);
}

#[tokio::test]
async fn what_eats_memory_and_stack_costs_its_item_of_256() {
    cost_their_items_alone(&[
        ("grow", "limits.memory_bytes"),
        ("memory", "limits.memory_bytes"),
        ("dive", "overflowed its call stack"),
        ("stack", "recursion"),
        ("giant", "limits."),
        ("panic", "panicked"),
    ])
    .await;
}

#[tokio::test]
async fn what_eats_time_costs_its_item_of_256_though_it_is_spent_in_the_host() {
    let late = "limits.deadline_ms = 300";
    cost_their_items_alone(&[
        ("loop", late),
        ("copy", late),
        ("segment", late),
        ("lemmas", late),
        ("detect", late),
        ("history", late),
        ("chatter", late),
    ])
    .await;
}

#[tokio::test]
async fn what_hands_the_host_megabytes_a_call_costs_its_item_of_256() {
    cost_their_items_alone(&[("shout", "limits.output_bytes")]).await;
}

#[tokio::test]
async fn clocks_and_the_list_of_variables_are_not_there() {
    cost_their_items_alone(&[("clock", "panicked"), ("instant", "panicked"), ("variables", "panicked")]).await;
}

#[tokio::test]
async fn files_sockets_variables_arguments_threads_and_processes_are_not_there() {
    let server = server(2000).await;
    let answer = server.analyze(&review("ATTACK reach")).await;
    let found = &answer["analysis"]["other"];
    for what in ["read", "write", "folder", "connect", "listen", "resolve", "path", "thread", "process", "input"] {
        assert_eq!(found[what], false, "{what}: {found:#}");
    }
    assert_eq!(found["arguments"], 0, "{found:#}");
}

#[tokio::test]
async fn randomness_is_the_same_in_every_process() {
    let mut seeds = Vec::new();
    for _ in 0..2 {
        let answer = server(2000).await.analyze(&review("ATTACK random")).await;
        seeds.push(answer["analysis"]["other"]["seed"].as_str().expect("a seed").to_owned());
    }
    assert_eq!(seeds[0], seeds[1]);
}

#[tokio::test]
async fn the_healthy_plugin_beside_an_attack_is_as_fast_as_without() {
    let server = server(300).await;
    let (mut tame, mut beside) = (u64::MAX, u64::MAX);
    // The least of several rounds, taken in turn: what else the machine does only adds.
    for _ in 0..6 {
        tame = tame.min(scorer_us(&analyses(&server, None).await));
        beside = beside.min(scorer_us(&analyses(&server, Some("loop")).await));
    }
    let ratio = beside as f64 / tame as f64;
    println!("the scorer took {ratio:.2} times as long beside an attack ({beside} against {tame} µs)");
    assert!(ratio < 1.5, "{ratio}");
}

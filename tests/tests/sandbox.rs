//! Plugins that attack the host while they run, each in one item of a batch of 256: the attack costs that item, which is
//! named, the other 255 come out as without it, the healthy plugin beside it is as fast, and the host's memory stays
//! bounded.

use sayso_tests::{Server, guest};
use serde_json::{Value, json};

const BATCH: usize = 256;
/// Where in the batch the attack is.
const PLACE: usize = 77;
/// How many others come out as without it.
const OTHERS: usize = BATCH - 1;
const MEMORY_BYTES: u64 = 32 << 20;
const DEADLINE: &str = "limits.deadline_ms = 300";

/// A server whose chain is the attacker and the scorer behind it. One thread runs it, so that a batch is one batch.
async fn server(attacker: &str) -> Server {
    let grants = if attacker == "nosy" { "grants = [\"text\", \"history\"]\n" } else { "" };
    let config = format!(
        "[pipeline]\nbatch = {BATCH}\nworkers = 1\n\n[[plugin]]\nname = \"attacker\"\nuse = \"{}\"\n{grants}\
         limits = {{ deadline_ms = 300, memory_bytes = {MEMORY_BYTES} }}\n\n\
         [[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n",
        guest(attacker).display()
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

/// What became of the items of a batch, in its order. It was one batch to the chain as well.
async fn results(server: &Server, attack: Option<&str>) -> Vec<Value> {
    let before = scorer(server).await;
    let mut answer = server.analyze(&batch(attack)).await;
    assert_eq!(scorer(server).await.batches - before.batches, 1.0, "all items are of one batch");
    let results = answer["results"].as_array_mut().expect("results");
    assert_eq!(results.len(), BATCH);
    results.iter_mut().map(Value::take).collect()
}

/// What does not differ from run to run: all but the times, and how many items the customer said before.
fn timeless(result: &Value) -> Value {
    let mut analysis = result["analysis"].clone();
    for entry in analysis["provenance"].as_array_mut().expect("provenance") {
        entry.as_object_mut().expect("an entry").remove("us");
    }
    if let Some(notes) = analysis["other"].as_object_mut() {
        notes.remove("earlier");
    }
    analysis
}

/// What the plugin with this name did with the item, by the provenance of its analysis.
fn ran<'a>(analysis: &'a Value, plugin: &str) -> &'a Value {
    let provenance = analysis["provenance"].as_array().expect("provenance");
    provenance.iter().find(|entry| entry["plugin"] == plugin).expect("the plugin has an entry")
}

/// What the server counted of the scorer: batches, and the time of their items, in seconds.
struct Counted {
    batches: f64,
    seconds: f64,
}

async fn scorer(server: &Server) -> Counted {
    let metrics = server.get("/metrics").await;
    let metrics = metrics.as_str().expect("text");
    let of = |what: &str| {
        let name = format!("sayso_plugin_{what}{{plugin=\"sentiment\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        value.map_or(0.0, |value| value.parse::<f64>().expect("a number"))
    };
    Counted { batches: of("batches_total"), seconds: of("item_seconds_sum") }
}

/// The most memory that the server ever had, in bytes.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// Runs attacks in one server, and holds each batch against one without.
async fn cost_their_items_alone(attacker: &str, attacks: &[(&str, &str)]) {
    let server = server(attacker).await;
    let tame: Vec<_> = results(&server, None).await.iter().map(timeless).collect();
    let before = peak(&server);
    for (attack, reason) in attacks {
        let hostile = results(&server, Some(attack)).await;
        let same = hostile.iter().zip(&tame).enumerate().filter(|(place, _)| *place != PLACE);
        let same = same.filter(|(_, (hostile, tame))| timeless(hostile) == **tame).count();
        assert_eq!(same, OTHERS, "{attack}: not all the others come out as without it");
        let analysis = &hostile[PLACE]["analysis"];
        let entry = ran(analysis, "attacker");
        assert_eq!(entry["status"], "skipped", "{attack}: {analysis:#}");
        let said = entry["reason"].as_str().expect("a reason");
        assert!(said.contains(reason), "{attack}: said `{said}`, not `{reason}`");
        assert_eq!(ran(analysis, "sentiment")["status"], "ok", "{attack}");
        let id = hostile[PLACE]["id"].as_str().expect("an id");
        let named = server.log().iter().any(|line| line.contains(id) && line.contains("attacker"));
        assert!(named, "{attack}: the log does not name the item");
    }
    let grown = peak(&server).saturating_sub(before);
    println!("{attacker}: the server grew by {} MiB over {} attacks", grown >> 20, attacks.len());
    // An instance of the attacker, what it hands over, and what the batches themselves take.
    assert!(grown < 4 * MEMORY_BYTES, "the host grew by {} MiB", grown >> 20);
}

#[tokio::test]
async fn what_eats_memory_and_stack_costs_its_item_of_256() {
    cost_their_items_alone(
        "hostile",
        &[
            ("grow", "limits.memory_bytes"),
            ("memory", "limits.memory_bytes"),
            ("dive", "overflowed its call stack"),
            ("stack", "recursion"),
            ("giant", "limits."),
            ("many", "limits."),
            ("panic", "panicked"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_eats_time_costs_its_item_of_256() {
    cost_their_items_alone("hostile", &[("loop", DEADLINE), ("copy", DEADLINE), ("chatter", DEADLINE)]).await;
}

#[tokio::test]
async fn what_eats_time_in_the_host_costs_its_item_of_256() {
    let attacks = [("segment", DEADLINE), ("lemmas", DEADLINE), ("detect", DEADLINE), ("history", DEADLINE)];
    cost_their_items_alone("nosy", &attacks).await;
}

#[tokio::test]
async fn what_hands_the_host_megabytes_a_call_costs_its_item_of_256() {
    cost_their_items_alone("hostile", &[("shout", "limits.")]).await;
}

#[tokio::test]
async fn clocks_and_the_list_of_variables_are_not_there() {
    let attacks = [("clock", "panicked"), ("instant", "panicked"), ("variables", "panicked")];
    cost_their_items_alone("hostile", &attacks).await;
}

#[tokio::test]
async fn files_sockets_variables_arguments_threads_and_processes_are_not_there() {
    let server = server("hostile").await;
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
        let answer = server("hostile").await.analyze(&review("ATTACK random")).await;
        seeds.push(answer["analysis"]["other"]["seed"].as_str().expect("a seed").to_owned());
    }
    assert_eq!(seeds[0], seeds[1]);
}

/// The time that the scorer takes for such a batch, in seconds.
async fn scorer_seconds(server: &Server, attack: Option<&str>) -> f64 {
    let before = scorer(server).await.seconds;
    results(server, attack).await;
    scorer(server).await.seconds - before
}

#[tokio::test]
async fn the_healthy_plugin_beside_an_attack_is_as_fast_as_without() {
    let server = server("hostile").await;
    // The first run of a plugin is slower.
    results(&server, None).await;
    for attack in ["loop", "grow", "copy", "dive"] {
        let (mut tame, mut again, mut beside) = (f64::MAX, f64::MAX, f64::MAX);
        // The least of several rounds, taken in turn: what else the machine does only adds.
        for _ in 0..6 {
            tame = tame.min(scorer_seconds(&server, None).await);
            beside = beside.min(scorer_seconds(&server, Some(attack)).await);
            again = again.min(scorer_seconds(&server, None).await);
        }
        let (ratio, noise) = (beside / tame, again / tame);
        println!("{attack}: {ratio:.2} times the time for an item beside it; {noise:.2} without, for comparison");
        assert!(ratio < 1.5, "{attack}: {ratio:.2}, with {noise:.2} for noise");
    }
}

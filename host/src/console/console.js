// The console: reads the API, and sets everything that a customer wrote as text.

import { $, get, make } from "/page.js";

const form = $("search");
let next = null;

function query(extra = {}) {
  const entries = [...new FormData(form), ...Object.entries(extra)].filter(([, value]) => value);
  return new URLSearchParams(entries).toString();
}

async function showState() {
  const ready = await get("/readyz");
  const notes = ready.notes ?? [];
  $("state").textContent = [ready.ready ? "ready" : "not ready", ...notes].join(" · ");
}

async function showOverview() {
  const facets = [["label", "Sentiment"], ["route", "Routes"], ["tag", "Topics"], ["language", "Languages"]];
  const answers = await Promise.all(facets.map(([by]) => get(`/v1/aggregate?by=${by}`)));
  $("overview").replaceChildren(...facets.map(([, title], index) => {
    const rows = answers[index].buckets.slice(0, 5).map((bucket) =>
      make("p", {}, make("span", {}, bucket.value), make("span", {}, String(bucket.count))));
    return make("div", { className: "facet" }, make("h2", {}, title), ...rows);
  }));
  const chosen = form.route.value;
  const routes = answers[1].buckets.map((bucket) => make("option", {}, bucket.value));
  form.route.replaceChildren(make("option", { value: "" }, "every route"), ...routes);
  form.route.value = chosen;
}

async function showList(after) {
  const page = await get(`/v1/feedback?${query({ limit: "25", after: after ?? "" })}`);
  const rows = page.items.map(({ feedback, analysis }) => make("li", {}, row(feedback, analysis)));
  if (after) $("list").append(...rows);
  else $("list").replaceChildren(...rows);
  next = page.next ?? null;
  $("more").hidden = next === null;
  $("none").hidden = $("list").childElementCount > 0;
}

function row(feedback, analysis) {
  const label = analysis.sentiment?.label ?? "no score";
  const button = make("button", { type: "button" },
    make("div", { className: "meta" },
      `${feedback.kind} · ${analysis.language?.code ?? "?"} · ${new Date(feedback.received_at).toLocaleString()} · `,
      make("span", { className: label }, label.replace("_", " "))),
    make("div", { className: "text" }, feedback.title ? `${feedback.title}: ` : "", feedback.text),
    ...analysis.routes.map((route) => make("span", { className: "chip" }, `${route.name} ${route.priority}`)),
    ...analysis.tags.map((tag) => make("span", { className: "chip" }, tag.name)));
  button.addEventListener("click", () => { location.hash = feedback.id; });
  return button;
}

/** The text with its evidence marked. Offsets are UTF-8 bytes. */
function marked(text, evidence) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const parts = [];
  let at = 0;
  for (const one of [...evidence].sort((a, b) => a.start - b.start)) {
    if (one.start < at) continue;
    parts.push(decoder.decode(bytes.slice(at, one.start)));
    const word = decoder.decode(bytes.slice(one.start, one.end));
    parts.push(make("mark", { className: one.weight > 0 ? "good" : "bad", title: one.weight.toFixed(1) }, word));
    at = one.end;
  }
  parts.push(decoder.decode(bytes.slice(at)));
  return make("p", { className: "text" }, ...parts);
}

function table(head, rows) {
  return make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((cell) => make("th", {}, cell)))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, String(cell ?? "")))))));
}

async function showDetail(id) {
  const { feedback, analysis, deliveries } = await get(`/v1/feedback/${id}`);
  const sentiment = analysis.sentiment;
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => $("detail").close());
  $("detail").replaceChildren(
    make("div", { className: "meta" }, `${feedback.kind} · ${feedback.source.type} · ${feedback.id}`),
    marked(feedback.text, sentiment?.evidence ?? []),
    make("p", {}, sentiment ? `${sentiment.label.replace("_", " ")}, ${sentiment.score.toFixed(3)}` : "No sentiment score."),
    make("h2", {}, "Why it goes where it goes"),
    table(["route", "rule", "priority"], analysis.routes.map((route) => [route.name, route.rule, route.priority])),
    make("p", { className: "meta" }, `urgency ${analysis.urgency.level} ${analysis.urgency.reasons.join(", ")}`),
    make("h2", {}, "Plugins"),
    table(["plugin", "version", "status", "µs", "digest"],
      analysis.provenance.map((one) => [one.plugin, one.version, one.reason ?? one.status, one.us, one.digest.slice(0, 19)])),
    make("h2", {}, "Deliveries"),
    table(["webhook", "status", "attempts", "last answer"], deliveries.map((delivery) => {
      const last = delivery.attempts.at(-1);
      return [delivery.webhook, delivery.status, delivery.attempts.length, last?.error ?? last?.status];
    })),
    close);
  if (!$("detail").open) $("detail").showModal();
}

function fail(error) {
  $("state").textContent = error.message;
}

async function refresh() {
  await Promise.all([showState(), showOverview(), showList(null)]);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  showList(null).catch(fail);
});
// A detail has an address of its own, so that it can be linked to.
function followHash() {
  const id = location.hash.slice(1);
  if (id) showDetail(id).catch(fail);
  else $("detail").close();
}

$("detail").addEventListener("close", () => history.replaceState(null, "", location.pathname));
addEventListener("hashchange", followHash);
$("more").addEventListener("click", () => showList(next).catch(fail));
refresh().then(followHash).catch(fail);

// The console: reads the API, and sets everything that a customer wrote as text.

import { get } from "/api.js";
import { followHash, open } from "/detail.js";
import { summary } from "/feedback.js";
import { $, begin, fail, foreign, languageOf, latest, make } from "/page.js";
import { showWebhooks } from "/webhooks.js";

const form = $("search");
/** What the list shows: the query that it answers, and where the next page begins. */
let shown = { query: [], next: null };
/** How many pages are on their way. */
let loading = 0;

const showState = latest(() => get("/readyz"), (ready) => {
  const parts = [ready.ready ? "ready" : "not ready", ready.ready ? null : ready.detail, ...(ready.notes ?? [])];
  $("state").textContent = parts.filter(Boolean).join(" · ");
});

// There are six sentiments; of what there may be any number of, the first five.
const facets = [["label", "Sentiment", 6], ["route", "Routes", 5], ["tag", "Topics", 5], ["language", "Languages", 5]];

const showOverview = latest(() => Promise.all(facets.map(([by]) => get(`/v1/aggregate?by=${by}`))), (answers) => {
  $("overview").replaceChildren(...facets.map(([, title, most], index) => {
    const rows = answers[index].buckets.slice(0, most).map((bucket) =>
      make("p", {}, foreign(bucket.value), make("span", {}, String(bucket.count))));
    return make("div", { className: "facet" }, make("h2", {}, title), ...rows);
  }));
  const chosen = form.route.value;
  const routes = answers[1].buckets.map((bucket) => make("option", {}, bucket.value));
  form.route.replaceChildren(make("option", { value: "" }, "every route"), ...routes);
  form.route.value = chosen;
});

const showPage = latest(
  (query, after) => get(`/v1/feedback?${new URLSearchParams([...query, ["limit", "25"], ...(after ? [["after", after]] : [])])}`),
  (page, query, after) => {
    const rows = page.items.map(({ feedback, analysis }) => make("li", {}, row(feedback, analysis)));
    if (after) $("list").append(...rows);
    else $("list").replaceChildren(...rows);
    shown = { query, next: page.next ?? null };
    $("more").hidden = shown.next === null;
    $("none").hidden = $("list").childElementCount > 0;
  },
);

async function list(query, after) {
  loading += 1;
  try {
    await showPage(query, after);
  } finally {
    loading -= 1;
  }
}

function search() {
  return list([...new FormData(form)].filter(([, value]) => value), null);
}

function more() {
  // What is on its way changes where to go on from.
  if (loading > 0) return;
  begin();
  list(shown.query, shown.next).catch(fail);
}

function row(feedback, analysis) {
  const label = analysis.sentiment?.label ?? "no score";
  const button = make("button", { type: "button" },
    make("div", { className: "meta" },
      `${feedback.kind} · ${analysis.language?.code ?? "?"} · ${new Date(feedback.received_at).toLocaleString()} · `,
      make("span", { className: label }, label.replaceAll("_", " "))),
    make("div", { className: "text", dir: "auto", lang: languageOf(feedback, analysis) }, summary(feedback)),
    ...analysis.routes.map((route) => make("span", { className: "chip" }, foreign(route.name), ` ${route.priority}`)),
    ...analysis.tags.map((tag) => make("span", { className: "chip" }, foreign(tag.name))));
  button.addEventListener("click", () => open(feedback.id));
  return button;
}

/** Shows everything anew; what fails keeps nothing else from being shown. */
function refresh() {
  begin();
  for (const part of [showState(), showOverview(), search(), showWebhooks()]) part.catch(fail);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});
$("more").addEventListener("click", more);
$("look-again").addEventListener("click", () => {
  begin();
  showWebhooks().catch(fail);
});
refresh();
followHash();

// One feedback in detail. It has an address of its own, `/#ID`, so that it can be linked to.

import { get } from "/api.js";
import { answers, rating } from "/feedback.js";
import { $, begin, fail, foreign, languageOf, latest, make } from "/page.js";

const dialog = $("detail");
/** The id in the address when the dialog was filled. */
let shown = "";

const idInAddress = () => location.hash.slice(1);

const load = latest(
  (id) => (id ? get(`/v1/feedback/${encodeURIComponent(id)}`) : null),
  (record, id) => {
    if (!record) dialog.close();
    // The reader may have gone on before the event that says so.
    else if (id === idInAddress()) show(record, id);
  },
);

/** Shows what the address names. */
export async function followHash() {
  try {
    await load(idInAddress());
  } catch (error) {
    dialog.close();
    fail(error);
  }
}

/** Goes to one feedback, as a link would. */
export function open(id) {
  begin();
  // An id that is in the address while no detail is open could not be shown: it makes room.
  if (idInAddress()) history.replaceState(history.state, "", `#${id}`);
  else history.pushState({ isFromList: true }, "", `#${id}`);
  followHash();
}

/** Takes the address back to the list, without leaving an entry in the history that shows nothing new. */
function leave() {
  // An address that has changed meanwhile is where the reader went.
  if (idInAddress() !== shown) return;
  if (history.state?.isFromList) history.back();
  else history.replaceState(null, "", location.pathname);
}

function show({ feedback, analysis, deliveries, status, reason }, id) {
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const meta = make("div", { className: "meta" }, `${feedback.kind} · `, foreign(feedback.source.type), ` · ${feedback.id}`);
  dialog.replaceChildren(
    make("div", { className: "bar" }, meta, close),
    ...saying(feedback, analysis),
    ...(analysis ? findings(analysis) : [make("p", {}, standing(status, reason))]),
    ...sent(deliveries ?? []));
  shown = id;
  if (!dialog.open) dialog.showModal();
  close.focus();
  dialog.scrollTop = 0;
}

/** Why there is no analysis. */
function standing(status, reason) {
  const words = {
    waiting: "It waits for its analysis.",
    parked: "It was parked, without an analysis: it is kept, and an operator has to look at it.",
  };
  return [words[status] ?? `There is no analysis: ${status}.`, reason ? `Why: ${reason}` : ""].join(" ").trim();
}

/** What the customer said, in words and in numbers. */
function saying(feedback, analysis) {
  const lang = languageOf(feedback, analysis);
  const numbers = rating(feedback).map((text) => make("p", {}, text));
  const rows = answers(feedback).map(([question, answer]) => [foreign(question, lang), foreign(answer, lang)]);
  return [
    feedback.title ? make("h2", { dir: "auto", lang }, feedback.title) : null,
    feedback.text ? marked(feedback.text, analysis?.sentiment?.evidence ?? [], lang) : null,
    ...numbers,
    ...section("Answers", ["question", "answer"], rows),
  ].filter((part) => part !== null);
}

/** What the chain made of it. */
function findings({ sentiment, routes, urgency, provenance }) {
  const paths = routes.map((route) => [foreign(route.name), foreign(route.rule), route.priority]);
  const plugins = provenance.map((one) => [one.plugin, one.version, one.reason ?? one.status, one.us, one.digest.slice(0, 19)]);
  return [
    make("p", {}, sentiment ? `${sentiment.label.replaceAll("_", " ")}, ${sentiment.score.toFixed(3)}` : "No sentiment score."),
    ...section("Why it goes where it goes", ["route", "rule", "priority"], paths),
    make("p", { className: "meta" }, `urgency ${urgency.level} `, foreign(urgency.reasons.join(", "))),
    ...section("Plugins", ["plugin", "version", "status", "µs", "digest"], plugins),
  ];
}

function sent(deliveries) {
  return section("Deliveries", ["webhook", "status", "attempts", "last answer"], deliveries.map((delivery) => {
    // The last ones alone are listed; their numbers count all.
    const last = delivery.attempts.at(-1);
    return [delivery.webhook, delivery.status, last?.number ?? 0, last?.error ?? last?.status];
  }));
}

/** A title and a table; nothing where the table would be empty. */
function section(title, head, rows) {
  const cell = (content) => make("td", {}, content instanceof Node ? content : String(content ?? ""));
  const table = make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((name) => make("th", {}, name)))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map(cell)))));
  return rows.length > 0 ? [make("h2", {}, title), make("div", { className: "wide" }, table)] : [];
}

/** The text with its evidence marked. Offsets are UTF-8 bytes. */
function marked(text, evidence, lang) {
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
  return make("p", { className: "text", dir: "auto", lang }, ...parts);
}

dialog.addEventListener("close", leave);
addEventListener("hashchange", () => {
  if (idInAddress()) begin();
  followHash();
});

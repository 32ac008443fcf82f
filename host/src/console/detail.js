// One feedback in detail. It has an address of its own, `/#ID`, so that it can be linked to.

import { get, post } from "/api.js";
import { answers, kindOf, rating, summary } from "/feedback.js";
import { $, begin, fail, foreign, languageName, languageOf, latest, levels, make, number, time, words } from "/page.js";
import { holdingBack } from "/webhooks.js";

/** How long to wait for the chain before looking again, in milliseconds. */
const LOOK_AGAIN = 2000;

const dialog = $("detail");
/** The id in the address when the dialog was filled. */
let shown = "";
/** The look that comes next, while the chain is not through with what is shown. */
let next = 0;

/** The id of a feedback; what names a part of the page is none. */
const idInAddress = () => ($(location.hash.slice(1)) ? "" : location.hash.slice(1));

async function read(id) {
  if (!id) return null;
  const record = await get(`/v1/feedback/${encodeURIComponent(id)}`);
  const waits = record.deliveries?.some((one) => one.status === "pending");
  // Why a delivery waits is good to know, and nothing without which the rest cannot be shown.
  return { ...record, holding: waits ? await holdingBack().catch(() => new Map()) : new Map() };
}

/** By id, what is set aside. Of feedback that was analysed before, the record does not tell that a later revision is. */
let aside = new Map();

export function knowAside(items) {
  aside = new Map(items.map((item) => [item.id, item]));
}

const load = latest(read, (record, id) => {
  if (!record) dialog.close();
  // The reader may have gone on before the event that says so.
  else if (id === idInAddress()) show(record, id);
});

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
function open(id) {
  begin();
  // An id that is in the address while no detail is open could not be shown: it makes room.
  if (idInAddress()) history.replaceState(history.state, "", `#${id}`);
  else history.pushState({ isFromList: true }, "", `#${id}`);
  followHash();
}

/** A link to one feedback. It opens in another tab as links do, and otherwise here. */
export function linkTo(id, ...content) {
  const link = make("a", { href: `#${id}` }, ...content);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(id);
  });
  return link;
}

/** Takes the address back to the list, without leaving an entry in the history that shows nothing new. */
function leave() {
  clearTimeout(next);
  document.title = "sayso";
  // An address that has changed meanwhile is where the reader went.
  if (idInAddress() !== shown) return;
  if (history.state?.isFromList) history.back();
  else history.replaceState(null, "", location.pathname + location.search);
}

function show(record, id) {
  const { feedback, analysis, deliveries, status, holding } = record;
  const close = make("button", { type: "button" }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(
    make("div", { className: "bar" }, make("h2", {}, `${kindOf(feedback)} from `, foreign(feedback.source.name ?? feedback.source.type)), close),
    ...saying(feedback, analysis),
    ...(analysis ? [...later(feedback, id), ...findings(analysis)] : standing(record, id)),
    make("h3", {}, "Details"), facts(feedback, analysis),
    ...sent(deliveries ?? [], holding),
    ...(analysis ? [plugins(analysis)] : []));
  shown = id;
  document.title = `${summary(feedback, 60)} · sayso`;
  if (!dialog.open) dialog.showModal();
  close.focus();
  dialog.scrollTop = 0;
  clearTimeout(next);
  if (status === "waiting") next = setTimeout(() => lookAgain(id), LOOK_AGAIN);
}

/** Shows the analysis once it is there; until then what is shown stays as it is, with the reader's place in it. */
async function lookAgain(id) {
  const isWaiting = await get(`/v1/feedback/${encodeURIComponent(id)}`, []).then(({ status }) => status === "waiting", () => true);
  if (!dialog.open || id !== idInAddress()) return;
  if (isWaiting) next = setTimeout(() => lookAgain(id), LOOK_AGAIN);
  else followHash();
}

const strong = (className, text) => make("strong", { className }, text);

/** Why there is no analysis, and what helps. */
function standing({ status, reason }, id) {
  if (status === "waiting") return [make("p", {}, "It waits for its analysis.")];
  if (status !== "parked") return [make("p", {}, `There is no analysis: ${status}.`)];
  const said = [strong("bad", "It was parked"), ", without an analysis: it is kept, and an operator has to look at it."];
  return [make("p", {}, ...said), ...mending(reason, id)];
}

/** That what is shown is not the newest, where that was parked. */
function later({ revision }, id) {
  const item = aside.get(id);
  if (!item || item.revision <= revision) return [];
  const said = [strong("bad", `Its revision ${item.revision} was parked`), "; this is the one before."];
  return [make("p", {}, ...said), ...mending(item.reason, id)];
}

/** What to do about what was parked. */
function mending(reason, id) {
  const failed = make("p", { className: "bad", role: "alert" });
  const again = make("button", { type: "button" }, "Analyse again");
  again.addEventListener("click", async () => {
    again.disabled = true;
    failed.textContent = "";
    try {
      await post(`/v1/parked/${encodeURIComponent(id)}/retry`);
      aside.delete(id);
      dispatchEvent(new Event("retried"));
      if (dialog.open && id === idInAddress()) await load(id);
    } catch (error) {
      failed.textContent = error.message;
      again.disabled = false;
      again.focus();
    }
  });
  return [
    make("p", {}, "Why: ", foreign(reason ?? "no reason is on record")),
    make("p", {}, "What to do: set right what the reason names, then have it analysed again."),
    again, failed,
  ];
}

/** What the customer said, in words and in numbers. */
function saying(feedback, analysis) {
  const lang = languageOf(feedback, analysis);
  const numbers = rating(feedback).map((text) => make("p", {}, text));
  const rows = answers(feedback).map(([question, answer]) => [foreign(question, lang), foreign(answer, lang)]);
  const evidence = (feedback.text && analysis?.sentiment?.evidence) || [];
  return [
    feedback.title ? make("h3", { className: "text", dir: "auto", lang }, feedback.title) : null,
    feedback.text ? marked(feedback.text, evidence, lang) : null,
    evidence.length > 0 ? make("p", { className: "meta" }, "Underlined words decided the sentiment: ",
      make("mark", { className: "good" }, "good"), ", ", make("mark", { className: "bad" }, "bad"), ".") : null,
    ...numbers,
    ...section("Answers", ["question", "answer"], rows),
  ].filter((part) => part !== null);
}

/** What the chain made of it. */
function findings({ sentiment, routes, urgency, priority }) {
  const paths = routes.map((route) => [levels(route.name), foreign(route.rule), route.priority]);
  const reasons = urgency.reasons.map(words).join(", ");
  const label = sentiment && make("span", { className: sentiment.label }, words(sentiment.label));
  return [
    make("p", {}, ...(sentiment ? ["Sentiment: ", label, `, ${sentiment.score.toFixed(3)}`] : ["No sentiment score."])),
    make("p", {}, `Priority: ${priority}. Urgency: ${urgency.level}`, ...(reasons ? [" (", foreign(reasons), ")"] : []), "."),
    ...section("Why it goes where it goes", ["route", "rule", "priority"], paths),
  ];
}

/** What else is known of it. What is not known has no row. */
function facts(feedback, analysis) {
  const { customer, source, product, agent } = feedback;
  const together = (...parts) => parts.filter(Boolean).join(", ");
  const named = (what, name) => name && `${what} ${name}`;
  const language = analysis?.language;
  const code = language?.code ?? feedback.language;
  const sure = language ? `${Math.round(language.confidence * 100)} % sure` : "as the sender says";
  const rows = [
    ["Id", feedback.revision > 1 ? `${feedback.id}, revision ${feedback.revision}` : feedback.id],
    ["Written", feedback.collected_at && time(feedback.collected_at)],
    ["Received", time(feedback.received_at)],
    ["Language", code && (code === "und" ? languageName(code) : `${languageName(code)} (${code}), ${sure}`)],
    ["Customer", customer && together(customer.id ?? customer.email, named("segment", customer.segment), named("account", customer.account_id))],
    ["Source", origin(source)],
    ["Product", product && together(product.id, named("version", product.version))],
    ["Case", feedback.case_id],
    ["Agent", agent && together(agent.id, named("team", agent.team))],
    ["Channel", feedback.channel],
    ["Topics", several(analysis?.tags, (tag) => levels(tag.name))],
    ["Intents", several(analysis?.intents, (intent) => foreign(words(intent.type)))],
    ["Redacted", several(analysis?.redactions, ({ field, class: what }) => foreign(`${words(what)} in ${field}`))],
  ];
  const kept = rows.filter(([, content]) => content);
  return make("dl", {}, ...kept.map(([term, content]) => make("div", {}, make("dt", {}, term),
    make("dd", {}, ...(Array.isArray(content) ? content : [content instanceof Node ? content : foreign(content)])))));
}

/** Several things in a row, each of which may be somebody's words. */
function several(all, name) {
  return all?.length > 0 ? all.flatMap((one, index) => (index > 0 ? [", ", name(one)] : [name(one)])) : null;
}

/** Where it was collected; a link where it leads to the web, and to nothing that would run here. */
function origin({ type, name, url }) {
  const text = name ? `${name} (${type})` : type;
  if (!url) return foreign(text);
  const isLink = /^https?:\/\//i.test(url);
  return [foreign(text), ": ", isLink ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url) : foreign(url)];
}

function sent(deliveries, holding) {
  return section("Deliveries", ["webhook", "status", "attempts", "last answer"], deliveries.map(({ webhook, status, attempts }) => {
    // The last ones alone are listed; their numbers count all.
    const last = attempts.at(-1);
    const why = status === "pending" && holding.get(webhook);
    return [webhook, why ? make("span", {}, `${status}; webhook: `, strong("warn", why)) : status,
      number(last?.number ?? 0), last?.error ?? last?.status];
  }));
}

function plugins({ provenance }) {
  const rows = provenance.map((one) => {
    const status = one.reason ? `${one.status}: ${one.reason}` : one.status;
    const isFault = one.status === "skipped";
    return [one.plugin, one.version, make("span", { className: isFault ? "bad" : "" }, status), number(one.us), one.digest.slice(0, 19)];
  });
  const faults = provenance.filter((one) => one.status === "skipped").length;
  const [, table] = section("Plugins", ["plugin", "version", "status", "µs", "digest"], rows);
  const failed = faults > 0 ? [", ", strong("bad", `${number(faults)} failed`)] : [];
  return make("details", { open: faults > 0 },
    make("summary", {}, make("h3", {}, "Plugins"), ` ${number(rows.length)} ran`, ...failed), table ?? "");
}

/** A title and a table; nothing where the table would be empty. */
function section(title, head, rows) {
  const cell = (content, index) => {
    const cell = make("td", {}, content instanceof Node ? content : String(content ?? ""));
    // Where there is no room for columns, each cell says what it is.
    cell.dataset.label = head[index];
    return cell;
  };
  const table = make("table", {},
    make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map(cell)))));
  return rows.length > 0 ? [make("h3", {}, title), make("div", { className: "wide" }, table)] : [];
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

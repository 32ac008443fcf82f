// The console: reads the API, and sets everything that a customer wrote as text.

import { forgetKey, get, post, storedKey } from "/api.js";
import { followHash, knowAside, linkTo } from "/detail.js";
import { kindOf, marks, summary } from "/feedback.js";
import { $, begin, fail, foreign, languageName, languageOf, latest, levels, make, number, renew, time, words } from "/page.js";
import { hideWebhooks, showWebhooks } from "/webhooks.js";

/** How often the page looks how it all stands, in milliseconds. */
const LOOK_AGAIN = 30_000;

const form = $("search");
const fields = [...form.elements].filter(({ name }) => name);
/** What the list shows: the query that it answers, and where the next page begins. */
let shown = { query: [], next: null };
/** How many pages are on their way. */
let loading = 0;

const askState = latest(() => get("/readyz"), (ready) => {
  const notes = ready.notes ?? [];
  if (ready.ready) sayState("ready");
  else sayState(make("strong", { className: "bad" }, "not ready"), ...(ready.detail ? [` · ${ready.detail}`] : []));
  $("notes").hidden = notes.length === 0;
  $("notes").querySelector("summary").textContent = notes.length === 1 ? "1 note" : `${number(notes.length)} notes`;
  renew($("notes").querySelector("ul"), ...notes.map((note) => make("li", {}, note)));
});

async function showState() {
  try {
    await askState();
  } catch (error) {
    sayState(make("strong", { className: "bad" }, error.message));
    $("notes").hidden = true;
  }
}

function sayState(...content) {
  // Screen readers read out every change, and the time would be one each time.
  renew($("state"), ...content);
  $("as-of").textContent = `as of ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}

/** So many of what is set aside are listed. */
const MOST_PARKED = 20;

const showParked = latest((asksAt) => get(`/v1/parked?limit=${MOST_PARKED}`, asksAt), ({ items, total }) => {
  knowAside(items);
  $("parked").hidden = items.length === 0;
  $("parked-title").textContent = `${number(total)} feedback set aside`;
  $("all-again").hidden = total < 2;
  if (total === 0) $("all-again-said").textContent = "";
  renew($("parked").querySelector("ul"), ...items.map(({ id, revision, parked_at: at, reason }) =>
    make("li", {}, linkTo(id, time(at)), revision > 1 ? ` (revision ${revision})` : "", ": ", foreign(reason))));
});

/** Has everything that is set aside analysed again. */
async function allAgain() {
  const said = $("all-again-said");
  said.className = said.textContent = "";
  $("all-again").disabled = true;
  try {
    const { retried } = await post("/v1/parked/retry");
    said.textContent = `${number(retried)} wait for their analysis; what fails again is set aside again`;
    dispatchEvent(new Event("retried"));
  } catch (error) {
    said.className = "bad";
    said.textContent = error.message;
  }
  $("all-again").disabled = false;
}

// What is counted: by the API's name, the title, the most rows, the filter that a row sets, and what people call it.
const facets = [
  ["label", "Sentiment", 6, "label", words],
  ["route", "Routes", 5, "route", levels],
  ["tag", "Topics", 5, "tag", levels],
  ["language", "Languages", 5, "language", languageName],
];

const sum = (buckets) => buckets.reduce((total, { count }) => total + count, 0);

const count = () => Promise.all(["kind", ...facets.map(([by]) => by)].map((by) => get(`/v1/aggregate?by=${by}`)));

const showOverview = latest(count, ([kinds, ...answers]) => {
  const total = sum(kinds.buckets);
  const unscored = total - sum(answers[0].buckets);
  $("total").textContent = `${number(total)} feedback in all`;
  $("overview").replaceChildren(...facets.map(([by, title, most, filter, name], index) => {
    const rows = answers[index].buckets.slice(0, most).map(({ value, count }) => facetRow(filter, value, name(value), count));
    if (by === "label" && unscored > 0) rows.push(make("p", {}, make("span", {}, "no score"), make("span", {}, number(unscored))));
    return make("div", { className: "facet" }, make("h3", {}, title), ...(rows.length > 0 ? rows : [make("p", { className: "meta" }, "none yet")]));
  }));
  const [, routes, topics, languages] = answers;
  offer(form.route, routes.buckets);
  offer(form.tag, topics.buckets);
  offer(form.language, languages.buckets, languageName);
  markFilters();
});

function facetRow(filter, value, name, count) {
  const button = make("button", { type: "button" }, make("span", {}, name), make("span", {}, number(count)));
  Object.assign(button.dataset, { filter, value });
  button.addEventListener("click", () => {
    const isSet = form[filter].value === value;
    choose(form[filter], isSet ? "" : value);
    searchAnew();
  });
  return button;
}

/** Shows which rows of the overview the search is narrowed down to. */
function markFilters() {
  for (const button of $("overview").querySelectorAll("button")) {
    button.ariaPressed = String(new Map(shown.query).get(button.dataset.filter) === button.dataset.value);
  }
}

/** Fills a field with what there is to choose from; what is chosen stays. */
function offer(select, buckets, name = (value) => value) {
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...buckets.map(({ value }) => make("option", { value }, name(value))));
  choose(select, chosen);
}

/** Sets a field; of what comes from the address there may be none any more. */
function choose(field, value) {
  if (field.options && ![...field.options].some((option) => option.value === value)) field.append(make("option", { value }, value));
  field.value = value;
}

const showPage = latest(
  (query, after) => get(`/v1/feedback?${new URLSearchParams([...asAsked(query), ["limit", "25"], ...(after ? [["after", after]] : [])])}`),
  (page, query, after) => {
    const rows = page.items.map(({ feedback, analysis }) => make("li", {}, row(feedback, analysis)));
    if (after) $("list").append(...rows);
    else $("list").replaceChildren(...rows);
    shown = { query, next: page.next ?? null };
    const count = $("list").childElementCount;
    $("more").hidden = shown.next === null;
    $("shown").textContent = count === 0 ? "" : `${number(count)} shown, ${shown.next ? "more exist" : "no more exist"}`;
    $("none").hidden = count > 0;
    $("none").textContent = query.length > 0 ? "Nothing fits this search." : "Nothing here yet. Post some feedback, or search for something else.";
    $("clear").hidden = query.length === 0;
    $("enter-key").hidden = true;
    markFilters();
    // The button that was pressed may be gone, and what it brought comes next.
    if (after) rows[0]?.firstChild.focus();
  },
);

/** The search as the API takes it. The reader's days begin and end where the reader is. */
function asAsked(query) {
  const midnight = (date, days) => {
    const [year, month, day] = date.split("-").map(Number);
    return new Date(year, month - 1, day + days).toISOString();
  };
  const ends = { since: 0, until: 1 };
  return query.map(([name, value]) => [name, name in ends ? midnight(value, ends[name]) : value]);
}

async function list(query, after) {
  loading += 1;
  try {
    await showPage(query, after);
  } catch (error) {
    if (error.isForKey) lock();
    else $("clear").hidden = query.length === 0;
    throw error;
  } finally {
    loading -= 1;
  }
}

/** What the form says. */
const wanted = () => [...new FormData(form)].filter(([, value]) => value);

const search = () => list(wanted(), null);

/** Searches for what the form says now, and goes to what is found. The address is that of the search. */
function searchAnew() {
  begin();
  keepInAddress();
  search().then(bringIntoView).catch(fail);
}

/** What the address says, in the order of the form; what the form does not know is left out. */
function inAddress() {
  const given = new URLSearchParams(location.search);
  return fields.map(({ name }) => [name, given.get(name)]).filter(([, value]) => value);
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function keepInAddress() {
  if (isSame(wanted(), inAddress())) return;
  const query = String(new URLSearchParams(wanted()));
  history.pushState(null, "", query ? `?${query}` : location.pathname);
}

/** Fills the form with what the address says. */
function readAddress() {
  const given = new Map(inAddress());
  for (const field of fields) choose(field, given.get(field.name) ?? "");
  if (fields.some((field) => field.value && $("more-filters").contains(field))) $("more-filters").open = true;
}

function bringIntoView() {
  const top = $("results").getBoundingClientRect().top;
  if (top < 0 || top > innerHeight / 2) $("results").scrollIntoView();
}

function more() {
  // What is on its way changes where to go on from.
  if (loading > 0) return;
  begin();
  list(shown.query, shown.next).catch(fail);
}

function row(feedback, analysis) {
  const label = analysis.sentiment?.label ?? "no score";
  const facts = [kindOf(feedback), languageName(analysis.language?.code), ...marks(feedback)];
  return linkTo(feedback.id,
    make("div", { className: "meta" },
      `${facts.join(" · ")} · `, time(feedback.collected_at ?? feedback.received_at), " · ",
      make("span", { className: label }, words(label))),
    make("div", { className: "text", dir: "auto", lang: languageOf(feedback, analysis) }, summary(feedback)),
    ...analysis.routes.map((route) => make("span", { className: "chip" }, levels(route.name), `, priority ${route.priority}`)),
    ...analysis.tags.map((tag) => make("span", { className: "chip" }, levels(tag.name))));
}

/** Shows nothing of what customers said, and how to see it. */
function lock() {
  hideWebhooks();
  for (const part of [...["list", "overview", "detail"].map($), $("parked").querySelector("ul")]) part.replaceChildren();
  for (const part of ["parked", "more", "none", "clear"]) $(part).hidden = true;
  $("total").textContent = "Overview";
  $("shown").textContent = "";
  $("enter-key").hidden = false;
  $("detail").close();
}

/** Shows everything anew; what fails keeps nothing else from being shown. */
function refresh(found = () => {}) {
  begin();
  for (const part of [showState(), showOverview(), search().then(found), showWebhooks(), showParked([401]).catch(hideParked)]) part.catch(fail);
  followHash();
}

/** To whom it is not for, it is not there. */
function hideParked(error) {
  $("parked").hidden = true;
  if (error.status !== 403) throw error;
}

/** Looks how it stands, unasked: what fails is said by the state, and no key is asked for. */
function lookAgain() {
  if (document.visibilityState !== "visible" || $("key").open) return;
  showState();
  if (!$("enter-key").hidden) return;
  for (const part of [showWebhooks([]), showParked([])]) part.catch(() => {});
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  keepInAddress();
  refresh(bringIntoView);
});
$("more").addEventListener("click", more);
$("clear").addEventListener("click", () => {
  for (const field of fields) field.value = "";
  searchAnew();
  form.q.focus();
});
$("look-again").addEventListener("click", () => {
  begin();
  showWebhooks().catch(fail);
});
$("see-webhooks").addEventListener("click", (event) => {
  // The address has room for one name, which is that of a feedback.
  event.preventDefault();
  $("webhooks-box").open = true;
  $("webhooks").scrollIntoView();
  $("webhooks-box").firstElementChild.focus({ preventScroll: true });
});
$("all-again").addEventListener("click", allAgain);
$("enter-key").addEventListener("click", () => refresh());
$("forget-key").addEventListener("click", () => {
  begin();
  forgetKey();
  lock();
  $("enter-key").focus();
});
addEventListener("key", () => { $("forget-key").hidden = !storedKey(); });
addEventListener("retried", () => showParked([]).catch(() => {}));
addEventListener("popstate", () => {
  if (isSame(shown.query, inAddress())) return;
  begin();
  readAddress();
  search().catch(fail);
});
document.addEventListener("visibilitychange", lookAgain);
setInterval(lookAgain, LOOK_AGAIN);

$("forget-key").hidden = !storedKey();
$("overview-box").open = matchMedia("(min-width: 64rem)").matches;
readAddress();
refresh();

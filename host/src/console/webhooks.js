// How the webhooks do, and what to do about those that do not do well.

import { get, storedKey } from "/api.js";
import { $, command, latest, make, number, renew, time } from "/page.js";

/** The commands to type: a name that begins with a hyphen must not be taken for an option. */
const named = (verb, name) => command(verb, ...(name.startsWith("-") ? ["--"] : []), name);
const ofWebhook = (verb, name, ...rest) => command(verb, name.startsWith("-") ? `--webhook=${name}` : `--webhook ${name}`, ...rest);

/** What to say of a webhook: its state, for sorting and colour as well, and what helps. */
function standing(webhook) {
  const { health } = webhook;
  if (health.state === "disabled") {
    return { rank: 0, className: "bad", state: "disabled", since: health.disabled_at, why: health.reason,
      todo: ["Nothing is sent, and what waits is kept. When its receiver works again, run: ", named("webhook enable", webhook.name)] };
  }
  if (webhook.faults?.length) {
    return { rank: 1, className: "bad", state: "cannot be called", why: webhook.faults.map((one) => `${one.field}: ${one.message}`).join("; "),
      todo: webhook.source === "file" ? ["Correct it in the configuration file."] : ["Correct it: ", named("webhook update", webhook.name)] };
  }
  if (health.breaker) {
    const probing = health.breaker === "probing";
    return { rank: 2, className: "warn", state: probing ? "breaker open, being probed" : "breaker open",
      since: health.failing_since, why: health.last_error,
      todo: ["The receiver is overloaded or down, and left alone for a while; see its log. Deliveries go out by themselves when it is back."] };
  }
  if (health.state === "failing") {
    return { rank: 3, className: "warn", state: "failing", since: health.failing_since, why: health.last_error,
      todo: [`Every attempt fails. ${webhook.waiting > 0 ? "Deliveries are tried again by themselves; see" : "See"} what the receiver says to them.`] };
  }
  if (webhook.paused) {
    return { rank: webhook.parked > 0 ? 4 : 5, className: "", state: "paused",
      todo: webhook.source === "file" ? ["Deliveries wait until `paused` is taken out of the configuration file."]
        : ["Deliveries wait until it goes on: ", named("webhook resume", webhook.name)] };
  }
  if (webhook.parked > 0) return { rank: 4, className: "warn", state: "healthy, but deliveries are parked" };
  return { rank: 6, className: "good", state: "healthy" };
}

function row(term, ...content) {
  return make("div", {}, make("dt", {}, term), make("dd", {}, ...content));
}

/** What was parked goes out by a command alone. */
function parked({ name, health }) {
  if (health.state === "disabled") {
    return [row("Then", "What was parked is sent by: ", ofWebhook("deliveries replay", name, "--status parked"))];
  }
  return [
    row("Parked deliveries", "They are sent no more by themselves. See why: ", ofWebhook("deliveries list", name, "--status parked")),
    row("Send them again", ofWebhook("deliveries replay", name)),
  ];
}

function card(webhook) {
  const { className, state, since, why, todo } = standing(webhook);
  const isDisabled = webhook.health.state === "disabled";
  const advice = todo ? [row("What to do", ...todo)] : [];
  const replay = webhook.parked > 0 ? parked(webhook) : [];
  const rows = [row("State", make("strong", { className }, state), ...(since ? [" since ", time(since)] : []))];
  if (why) rows.push(row("Why", why));
  if (webhook.health.last_failure) rows.push(row("Last failure", time(webhook.health.last_failure)));
  rows.push(row("Waiting", number(webhook.waiting)), row("Parked", number(webhook.parked)));
  // To one that is disabled nothing can be replayed: it is enabled first.
  rows.push(...(isDisabled ? [...advice, ...replay] : [...replay, ...advice]));
  return make("li", {}, make("h3", {}, webhook.name), make("p", { className: "meta" }, webhook.url), make("dl", {}, ...rows));
}

/** All of them, page by page. */
async function all(asksAt) {
  const webhooks = [];
  let after = null;
  do {
    const page = await get(`/v1/webhooks?${new URLSearchParams(after ? { after } : {})}`, asksAt);
    webhooks.push(...page.items);
    after = page.next;
  } while (after);
  return webhooks;
}

/** By name, how those stand that keep deliveries waiting. */
export async function holdingBack() {
  const ranked = (await all([])).map((webhook) => [webhook, standing(webhook)]);
  return new Map(ranked.filter(([webhook, { rank }]) => rank < 4 || webhook.paused).map(([{ name }, { state }]) => [name, state]));
}

/** How many were unwell when it was looked last. */
let unwellBefore = 0;

/** Shows them, the worst first. */
export const showWebhooks = latest(all, (webhooks) => {
  const ranked = webhooks.map((webhook) => [standing(webhook).rank, webhook]).sort(([a], [b]) => a - b);
  const unwell = ranked.filter(([rank]) => rank < 5).length;
  const count = number(webhooks.length);
  for (const part of ["webhooks", "webhooks-line"]) $(part).hidden = webhooks.length === 0;
  const summary = unwell === 0 ? `${count} in all, and none has trouble.` : `${number(unwell)} of ${count} need attention.`;
  for (const place of [$("webhooks-summary"), $("webhooks-box").querySelector("summary")]) renew(place, summary);
  // Readers close it, and trouble that they know of does not open it again.
  if (unwell > unwellBefore) $("webhooks-box").open = true;
  unwellBefore = unwell;
  renew($("webhook-list"), ...ranked.map(([, webhook]) => card(webhook)));
  $("webhooks-key").hidden = !storedKey() || !$("webhook-list").querySelector("code");
});

export function hideWebhooks() {
  for (const part of ["webhooks", "webhooks-line"]) $(part).hidden = true;
  $("webhook-list").replaceChildren();
}

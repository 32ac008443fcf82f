// How the webhooks do, and what to do about those that do not do well.

import { get } from "/api.js";
import { $, latest, make, time } from "/page.js";

/** The commands to type: a name that begins with a hyphen must not be taken for an option. */
const named = (command, name) => `sayso ${command} ${name.startsWith("-") ? "-- " : ""}${name}`;
const ofWebhook = (name) => (name.startsWith("-") ? `--webhook=${name}` : `--webhook ${name}`);

/** What to say of a webhook: its state, for sorting and colour as well, and what helps. */
function standing(webhook) {
  const { health } = webhook;
  if (health.state === "disabled") {
    return { rank: 0, className: "bad", state: "disabled", since: health.disabled_at, why: health.reason,
      todo: `Nothing is sent, and what waits is kept. When its receiver works again, run: ${named("webhook enable", webhook.name)}` };
  }
  if (webhook.faults?.length) {
    return { rank: 1, className: "bad", state: "cannot be called", why: webhook.faults.map((one) => `${one.field}: ${one.message}`).join("; "),
      todo: webhook.source === "file" ? "Correct it in the configuration file." : `Correct it: ${named("webhook update", webhook.name)}` };
  }
  if (health.breaker) {
    const probing = health.breaker === "probing";
    return { rank: 2, className: "warn", state: probing ? "breaker open, being probed" : "breaker open",
      since: health.failing_since, why: health.last_error,
      todo: "The receiver is overloaded or down, and left alone for a while; see its log. Deliveries go out by themselves when it is back." };
  }
  if (health.state === "failing") {
    return { rank: 3, className: "warn", state: "failing", since: health.failing_since, why: health.last_error,
      todo: `Every attempt fails. ${webhook.waiting > 0 ? "Deliveries are tried again by themselves; see" : "See"} what the receiver says to them.` };
  }
  if (webhook.paused) {
    return { rank: webhook.parked > 0 ? 4 : 5, className: "", state: "paused",
      todo: webhook.source === "file" ? "Deliveries wait until `paused` is taken out of the configuration file."
        : `Deliveries wait until it goes on: ${named("webhook resume", webhook.name)}` };
  }
  if (webhook.parked > 0) return { rank: 4, className: "warn", state: "healthy, but deliveries are parked" };
  return { rank: 6, className: "good", state: "healthy" };
}

function row(term, ...content) {
  return make("div", {}, make("dt", {}, term), make("dd", {}, ...content));
}

function card(webhook) {
  const { className, state, since, why, todo } = standing(webhook);
  const rows = [row("State", make("strong", { className }, state), ...(since ? [" since ", time(since)] : []))];
  if (why) rows.push(row("Why", why));
  if (webhook.health.last_failure) rows.push(row("Last failure", time(webhook.health.last_failure)));
  rows.push(row("Waiting", String(webhook.waiting)), row("Parked", String(webhook.parked)));
  if (webhook.parked > 0 && webhook.health.state !== "disabled") {
    rows.push(row("Parked deliveries", `They are sent no more by themselves. See why: sayso deliveries list ${ofWebhook(webhook.name)} --status parked`),
      row("Send them again", `sayso deliveries replay ${ofWebhook(webhook.name)}`));
  }
  if (todo) rows.push(row("What to do", todo));
  return make("li", {}, make("h3", {}, webhook.name), make("p", { className: "meta" }, webhook.url), make("dl", {}, ...rows));
}

/** All of them, page by page. */
async function all() {
  const webhooks = [];
  let after = null;
  do {
    const page = await get(`/v1/webhooks?${new URLSearchParams(after ? { after } : {})}`);
    webhooks.push(...page.items);
    after = page.next;
  } while (after);
  return webhooks;
}

/** Shows them, the worst first. */
export const showWebhooks = latest(all, (webhooks) => {
  const ranked = webhooks.map((webhook) => [standing(webhook).rank, webhook]).sort(([a], [b]) => a - b);
  const unwell = ranked.filter(([rank]) => rank < 5).length;
  $("webhooks").hidden = webhooks.length === 0;
  $("webhooks-summary").textContent = unwell === 0
    ? `${webhooks.length} in all, and none has trouble.` : `${unwell} of ${webhooks.length} need attention.`;
  $("webhook-list").replaceChildren(...ranked.map(([, webhook]) => card(webhook)));
});

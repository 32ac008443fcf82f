// Keys. The server wants one, and is given `read` and `ingest`.

import assert from "node:assert/strict";

import { detail, error, held, rows, says, settled } from "./page.mjs";

const dialog = (page) => page.locator("#key");
const stored = (page) => page.evaluate(() => sessionStorage.getItem("key"));

async function enter(page, key) {
  await dialog(page).waitFor();
  await page.fill("#key input", key);
  await page.click("text=Use it");
}

export async function aKeyThatDoesNotDoIsAskedForAgain(page, given) {
  await page.goto(`${given.url}/`);
  await enter(page, "sk_nobody");
  await says(dialog(page), "The key is not known here.");
  assert.equal(await page.inputValue("#key input"), "", "the field is empty again");
  await enter(page, given.ingest);
  await says(dialog(page), "does not have the scope `read`");
  await enter(page, given.read);
  await rows(page).first().waitFor();
  assert.equal(await error(page).textContent(), "");
}

export async function aKeyIsTakenAsItWasCopied(page, given) {
  await page.goto(`${given.url}/`);
  await enter(page, `\u200b“Bearer\u00a0${given.read}”\u200b`);
  await rows(page).first().waitFor();
  assert.equal(await stored(page), given.read);
}

export async function whoHasNoKeyIsAskedAgainLater(page, given) {
  await page.goto(`${given.url}/`);
  await dialog(page).waitFor();
  await page.keyboard.press("Escape");
  await says(error(page), "A key with the scope read is needed.");
  assert.equal(await stored(page), null);
  await page.click("text=Search");
  await enter(page, given.read);
  await rows(page).first().waitFor();
  assert.equal(await error(page).textContent(), "");
}

export async function aLateAnswerToAnOlderKeyAsksForNone(page, given) {
  await page.goto(`${given.url}/`);
  await dialog(page).waitFor();
  const { letGo } = await held(page, (url) => url.pathname === "/v1/webhooks");
  const sent = page.waitForRequest((request) => request.url().includes("/v1/webhooks"));
  await enter(page, "sk_nobody");
  await sent;
  await says(dialog(page), "The key is not known here.");
  await enter(page, given.read);
  await rows(page).first().waitFor();
  const again = page.waitForRequest((request) => request.url().includes("/v1/webhooks"));
  letGo();
  assert.equal((await again).headers().authorization, `Bearer ${given.read}`);
  await settled(page);
  assert.equal(await dialog(page).getAttribute("open"), null, "no key is asked for");
}

export async function aKeyThatIsKnownNoMoreIsForgotten(page, given) {
  await page.addInitScript(() => sessionStorage.setItem("key", "sk_nobody"));
  await page.goto(`${given.url}/`);
  await says(dialog(page), "The key is not known here.");
  assert.equal(await stored(page), null);
}

export async function aKeyIsEnteredLater(page, given) {
  await page.goto(`${given.url}/#${given.id}`);
  await dialog(page).waitFor();
  await page.keyboard.press("Escape");
  await page.click("#enter-key");
  await enter(page, given.read);
  await detail(page).filter({ hasText: "Great tea" }).waitFor();
  assert.equal(await page.locator("#enter-key").isVisible(), false);
}

export async function aKeyIsForgotten(page, given) {
  await page.goto(`${given.url}/`);
  assert.equal(await page.locator("#forget-key").isVisible(), false);
  await enter(page, given.read);
  await rows(page).first().waitFor();
  await page.click("#forget-key");
  assert.deepEqual([await stored(page), await rows(page).count()], [null, 0]);
  await page.click("#enter-key");
  await enter(page, given.read);
  await rows(page).first().waitFor();
}

export async function nobodyIsAskedForAKeyUnasked(page, given) {
  await page.goto(`${given.url}/`);
  await enter(page, given.read);
  await rows(page).first().waitFor();
  await page.evaluate(() => sessionStorage.setItem("key", "sk_nobody"));
  const answer = page.waitForResponse((response) => response.url().includes("/v1/webhooks"));
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  assert.equal((await answer).status(), 401);
  await settled(page);
  assert.equal(await dialog(page).getAttribute("open"), null, "no key is asked for");
}

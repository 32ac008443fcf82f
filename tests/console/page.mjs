// What the scenarios are made of.

import assert from "node:assert/strict";

export const rows = (page) => page.locator("#list li");
export const detail = (page) => page.locator("#detail");
export const error = (page) => page.locator("#error");

/** Opens the console, and waits until it lists something. */
export async function open(page, { url }) {
  await page.goto(`${url}/`);
  await rows(page).first().waitFor();
}

export async function search(page, words) {
  await page.fill("input[name=q]", words);
  await page.press("input[name=q]", "Enter");
}

/** Waits until the list has so many rows. */
export async function listed(page, count) {
  await page.waitForFunction((count) => document.querySelectorAll("#list li").length === count, count);
}

/** Waits until the element says this. */
export async function says(locator, text) {
  await locator.filter({ hasText: text }).waitFor();
}

/** Holds back the answers to requests that match, until they are let go: what was asked for, and a function that lets go. */
export async function held(page, matches) {
  const asked = [];
  let letGo;
  const gate = new Promise((resolve) => { letGo = resolve; });
  await page.route(matches, async (route) => {
    asked.push(route.request().url());
    const response = await route.fetch();
    await gate;
    await route.fulfill({ response });
  });
  return { asked, letGo };
}

/** Waits until the page has drawn what it makes of the answers that it has. */
export async function settled(page) {
  await page.evaluate(() => fetch("/healthz").then((answer) => answer.text()));
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

export async function isClosed(page) {
  assert.equal(await detail(page).getAttribute("open"), null, "no detail is open");
}

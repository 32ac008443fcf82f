// Searching by the address and by the overview. The server has 30 reviews with the word "tea" and 30 with the word "coffee".

import assert from "node:assert/strict";

import { detail, error, listed, open, rows, says, search } from "./page.mjs";

const first = (page) => page.locator("#list li:first-child");
const facet = (page, name) => page.locator("#overview").getByRole("button", { name });

export async function theSearchIsInTheAddress(page, given) {
  await open(page, given);
  await search(page, "coffee");
  await first(page).filter({ hasText: "coffee" }).waitFor();
  await page.waitForURL(`${given.url}/?q=coffee`);
  await first(page).getByRole("link").click();
  await detail(page).waitFor();
  assert.match(page.url(), /\?q=coffee#/);
  assert.match(await page.title(), /^Great coffee number \d+ · sayso$/);
  await page.keyboard.press("Escape");
  await page.waitForURL(`${given.url}/?q=coffee`);
  assert.equal(await page.title(), "sayso");
  await page.goBack();
  await first(page).filter({ hasText: "tea" }).waitFor();
  assert.equal(await page.inputValue("input[name=q]"), "");
  await page.goForward();
  await first(page).filter({ hasText: "coffee" }).waitFor();
  await page.reload();
  await first(page).filter({ hasText: "coffee" }).waitFor();
  assert.equal(await page.inputValue("input[name=q]"), "coffee");
}

export async function rowsOfTheOverviewNarrowTheSearchDown(page, given) {
  await open(page, given);
  await says(page.locator("#total"), "60 feedback in all");
  await facet(page, "English").click();
  await page.waitForURL(`${given.url}/?language=en`);
  await page.locator("#overview [aria-pressed=true]", { hasText: "English" }).waitFor();
  await facet(page, "English").click();
  await page.waitForURL(`${given.url}/`);
  await page.locator("#overview [aria-pressed=true]").waitFor({ state: "detached" });
}

export async function aSearchThatNothingFitsIsCleared(page, given) {
  await open(page, given);
  await search(page, "cocoa");
  await says(page.locator("#none"), "Nothing fits this search.");
  await page.click("text=Clear the search");
  await listed(page, 25);
  assert.equal(page.url(), `${given.url}/`);
  assert.equal(await page.locator("#clear").isVisible(), false);
}

export async function moreSaysHowMuchIsShownAndGoesOnThere(page, given) {
  await open(page, given);
  await says(page.locator("#shown"), "25 shown, more exist");
  await page.click("#more");
  await says(page.locator("#shown"), "50 shown, more exist");
  const at = await page.evaluate(() => [...document.querySelectorAll("#list > li")].indexOf(document.activeElement.parentElement));
  assert.equal(at, 25, "the first new row has the focus");
}

export async function theDaysOfASearchAreTheReaders(page, given) {
  const asked = page.waitForRequest((request) => /feedback\?.*until=/.test(request.url()));
  await page.goto(`${given.url}/?since=2026-03-01&until=2026-03-01`);
  const query = new URL((await asked).url()).searchParams;
  const hours = (Date.parse(query.get("until")) - Date.parse(query.get("since"))) / 3_600_000;
  assert.equal(hours, 24, "the last day is part of it");
  await page.locator("#more-filters[open]").waitFor();
}

export async function aServerThatIsGoneIsSaidByTheState(page, given) {
  await open(page, given);
  await page.route((url) => url.pathname.startsWith("/"), (route) => route.abort());
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await says(page.locator("#state .bad"), "The server cannot be reached");
  assert.equal(await error(page).textContent(), "", "nobody asked for it");
  assert.equal(await rows(page).count(), 25);
}

// Searching and paging. The server has 30 reviews with the word "tea" and 30 with the word "coffee".

import assert from "node:assert/strict";

import { detail, error, held, listed, open, rows, says, search, settled } from "./page.mjs";

const of = (word) => (url) => url.pathname === "/v1/feedback" && url.searchParams.get("q") === word;

async function searchFor(page, word) {
  const answer = page.waitForResponse((response) => of(word)(new URL(response.url())));
  await search(page, word);
  await answer;
  await page.locator("#list li:first-child", { hasText: word }).waitFor();
}

export async function moreGoesOnWithTheSearchThatIsShown(page, given) {
  await open(page, given);
  await searchFor(page, "tea");
  await page.fill("input[name=q]", "coffee");
  await page.selectOption("select[name=kind]", "survey");
  await page.click("#more");
  await listed(page, 30);
  assert.equal(await rows(page).filter({ hasText: "tea" }).count(), 30);
}

export async function moreTwiceAddsOnePage(page, given) {
  await open(page, given);
  const { asked, letGo } = await held(page, (url) => url.searchParams.has("after"));
  const first = page.waitForRequest((request) => request.url().includes("after="));
  await page.dblclick("#more");
  await first;
  letGo();
  await page.waitForFunction(() => document.querySelectorAll("#list li").length > 25);
  await settled(page);
  const texts = await page.locator("#list .text").allTextContents();
  assert.deepEqual([texts.length, new Set(texts).size, asked.length], [50, 50, 1]);
}

export async function aLateAnswerDoesNotReplaceANewerSearch(page, given) {
  await open(page, given);
  const { letGo } = await held(page, of("coffee"));
  const late = page.waitForEvent("requestfinished", (request) => of("coffee")(new URL(request.url())));
  await search(page, "coffee");
  await searchFor(page, "tea");
  letGo();
  await late;
  await settled(page);
  assert.equal(await rows(page).filter({ hasText: "tea" }).count(), 25);
}

export async function aFailureKeepsNothingElseFromBeingShown(page, given) {
  await page.route((url) => url.pathname === "/v1/aggregate", (route) => route.abort());
  const problem = { title: "Unavailable", detail: "sayso is about to stop.", ready: false, notes: [] };
  await page.route((url) => url.pathname === "/readyz", (route) => route.fulfill({ status: 503, json: problem }));
  await open(page, given);
  await says(page.locator("#state"), "not ready · sayso is about to stop.");
  await says(error(page), "The server cannot be reached");
  await page.unrouteAll();
  await page.click("text=Search");
  await says(page.locator("#overview"), "Sentiment");
  assert.equal(await error(page).textContent(), "", "what failed before is no longer said");
}

/** The server has a survey with numbers alone, a review with stars alone, and one with a title alone. */
export async function whatWasSaidWithoutWordsIsShown(page, given) {
  await open(page, given);
  const texts = await page.locator("#list .text").allTextContents();
  assert.deepEqual(texts, ["Never again", "Rating: 2 on a scale of 1 to 5", "How likely are you to recommend us?: 9 · returned: no"]);
  const shown = async (row) => {
    await rows(page).nth(row).getByRole("link").click();
    await detail(page).waitFor();
    const text = await detail(page).innerText();
    await page.keyboard.press("Escape");
    await detail(page).waitFor({ state: "hidden" });
    await page.waitForURL(`${given.url}/`);
    return text;
  };
  assert.match(await shown(0), /Never again/);
  assert.match(await shown(1), /Rating: 2 on a scale of 1 to 5/);
  assert.match(await shown(2), /How likely are you to recommend us\?\s+9\s+returned\s+no/);
}

// One feedback in detail.

import assert from "node:assert/strict";

import { detail, error, held, isClosed, open, rows, says, settled } from "./page.mjs";

const isDetail = (url) => url.pathname.startsWith("/v1/feedback/");
const row = (page, index) => rows(page).nth(index).getByRole("link");

export async function aRowThatWasLeftDoesNotOpenLate(page, given) {
  await open(page, given);
  const { letGo } = await held(page, isDetail);
  const late = page.waitForEvent("requestfinished", (request) => isDetail(new URL(request.url())));
  await row(page, 0).click();
  await page.waitForURL(/#/);
  await page.goBack();
  letGo();
  await late;
  await settled(page);
  await isClosed(page);
}

export async function feedbackWithoutAnAnalysisIsShown(page, given) {
  await page.goto(`${given.url}/#${given.id}`);
  for (const text of [given.text, "It was parked", given.reason]) await says(detail(page), text);
  assert.equal(await error(page).textContent(), "");
}

export async function aRowOpensAfterAFailure(page, given) {
  await open(page, given);
  await page.route(isDetail, (route) => route.abort());
  await row(page, 1).click();
  await says(error(page), "The server cannot be reached");
  await page.unroute(isDetail);
  await row(page, 1).click();
  await detail(page).waitFor();
  assert.equal(await error(page).textContent(), "", "what failed before is no longer said");
}

export async function anAddressThatLeadsNowhereClosesWhatWasOpen(page, given) {
  await open(page, given);
  await row(page, 0).click();
  await detail(page).waitFor();
  await page.evaluate(() => { location.hash = "nobody"; });
  await says(error(page), "There is no feedback with the id `nobody`.");
  await isClosed(page);
}

export async function closedDetailsLeaveNothingToGoBackTo(page, given) {
  const before = page.url();
  await open(page, given);
  for (const index of [0, 1, 2]) {
    await row(page, index).click();
    await detail(page).waitFor();
    await page.keyboard.press("Escape");
    await detail(page).waitFor({ state: "hidden" });
    await page.waitForURL(`${given.url}/`);
  }
  await page.goBack();
  assert.equal(page.url(), before);
}

export async function aDetailOpensAtItsTop(page, given) {
  await page.setViewportSize({ width: 360, height: 400 });
  await open(page, given);
  await row(page, 0).click();
  await detail(page).waitFor();
  const [top, height, seen] = await detail(page).evaluate((one) => [one.scrollTop, one.scrollHeight, one.clientHeight]);
  assert.ok(height > seen, "there is something to scroll to");
  assert.equal(top, 0);
}

export async function whatIsSetAsideIsAnalysedAgain(page, given) {
  await page.goto(`${given.url}/`);
  await says(page.locator("#parked"), given.reason);
  await page.locator(`#parked a[href="#${given.id}"]`).click();
  const again = detail(page).getByRole("button", { name: "Analyse again" });
  const isRetry = (url) => url.pathname === `/v1/parked/${given.id}/retry`;
  const problem = { title: "Forbidden", detail: "The key `reader` does not have the scope `admin`." };
  await page.route(isRetry, (route) => route.fulfill({ status: 403, json: problem }));
  await again.click();
  await says(detail(page), problem.detail);
  await page.unroute(isRetry);
  const { letGo } = await held(page, (url) => isDetail(url));
  await again.click();
  await page.waitForResponse((response) => isRetry(new URL(response.url())) && response.status() === 200);
  letGo();
  // The plugin has not changed: it fails again, which the page shows by itself.
  await detail(page).getByRole("button", { name: "Analyse again", disabled: false }).waitFor();
  await says(detail(page), "It was parked");
}

export async function allThatIsSetAsideIsAnalysedAgain(page, given) {
  await page.goto(`${given.url}/`);
  await says(page.locator("#parked"), "2 feedback set aside");
  const isRetry = (url) => url.pathname === "/v1/parked/retry";
  const again = page.getByRole("button", { name: "Analyse all again" });
  await page.route(isRetry, (route) => route.fulfill({ status: 403, json: { title: "Forbidden", detail: "It may not." } }));
  await again.click();
  await says(page.locator("#all-again-said"), "It may not.");
  await page.unroute(isRetry);
  const answered = page.waitForResponse((response) => isRetry(new URL(response.url())));
  await again.click();
  assert.equal((await (await answered).json()).retried, 2);
}

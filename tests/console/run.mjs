// Does in a browser what a reader of the console does, and holds what the page shows against what it should.
//
//   node run.mjs FOLDER SCENARIO     the folder that has node_modules; a function of a file beside this one
//
// Reads what the scenario is given as JSON: `url` of the server, and what else it needs. Says on standard error what
// is wrong.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import * as detail from "./detail.mjs";
import * as keys from "./keys.mjs";
import * as list from "./list.mjs";
import * as search from "./search.mjs";

const [, , folder, scenario] = process.argv;
const { chromium } = createRequire(resolve(folder) + "/")("playwright-core");
const given = JSON.parse(readFileSync(0, "utf8"));

const browser = await chromium.launch({ executablePath: given.browser, args: ["--no-sandbox", "--disable-quic"] });
try {
  const page = await browser.newPage();
  // As long as the other tests wait: many of them run at once.
  page.setDefaultTimeout(60_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error));
  await { ...detail, ...keys, ...list, ...search }[scenario](page, given);
  if (faults.length > 0) throw faults[0];
} finally {
  await browser.close();
}

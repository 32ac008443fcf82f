// Reads the API, and asks for a key where the server wants one.

import { $ } from "/page.js";

/** Statuses at which another key may help. What nobody asked for just now has none of them: a page does not ask by itself. */
const KEY_HELPS = [401, 403];
/** How often the reader said that there is no key. */
let declined = 0;
let asking = null;

/** Gets JSON from the API; asks for a key where the server wants one, or another one. */
export async function get(path, asksAt = KEY_HELPS) {
  const declinedBefore = declined;
  for (;;) {
    const key = storedKey();
    const response = await send("GET", path, key);
    const body = await response.json().catch(() => null);
    // Another key may have been given since this request was sent.
    const isStored = key === storedKey();
    if (response.status === 401 && key && isStored) forgetKey();
    // Without a key, 403 is no question of keys: another key would not help.
    if (asksAt.includes(response.status) && (response.status === 401 || key)) {
      const why = key ? body?.detail ?? "The server does not take this key." : "";
      if (declined > declinedBefore) throw keyIsNeeded(why);
      if (isStored || asking) await askForKey(why);
      continue;
    }
    return content(path, response, body);
  }
}

/** Has the server do something. A key that may read need not be one that may do this: none is asked for. */
export async function post(path) {
  const response = await send("POST", path, storedKey());
  return content(path, response, await response.json().catch(() => null));
}

export const storedKey = () => sessionStorage.getItem("key");

export function forgetKey() {
  sessionStorage.removeItem("key");
  dispatchEvent(new Event("key"));
}

async function send(method, path, key) {
  try {
    return await fetch(path, { method, headers: key ? { authorization: `Bearer ${key}` } : {} });
  } catch (error) {
    throw new Error(`The server cannot be reached; does it run? (${error.message})`);
  }
}

function content(path, response, body) {
  if (body === null) throw new Error(`What answered is not JSON (status ${response.status}). Is there something between this page and sayso?`);
  if (response.ok || path === "/readyz") return body;
  const error = new Error(body.detail ?? body.title ?? `The server answered ${response.status}.`);
  throw Object.assign(error, { status: response.status });
}

function keyIsNeeded(why) {
  const error = new Error(`A key with the scope read is needed. It is asked for again when you search. ${why}`.trim());
  return Object.assign(error, { isForKey: true });
}

/** Asks once, however many wait for it. */
function askForKey(why) {
  asking ??= keyFromDialog(why).finally(() => { asking = null; });
  return asking;
}

function keyFromDialog(why) {
  const dialog = $("key");
  const field = dialog.querySelector("input");
  field.value = "";
  $("key-why").textContent = why;
  // Esc leaves the value that the dialog was closed with before.
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.addEventListener("close", () => {
      const key = cleaned(field.value);
      field.value = "";
      if (dialog.returnValue === "use") {
        if (key) sessionStorage.setItem("key", key);
        dispatchEvent(new Event("key"));
        resolve();
      } else {
        declined += 1;
        reject(keyIsNeeded(why));
      }
    }, { once: true });
  });
}

/** A key without what comes along when it is copied: the name of the scheme, spaces of all kinds, curly quotes. */
function cleaned(text) {
  const words = text.replace(/[^\x21-\x7e]+/g, " ").trim();
  return words.replace(/^(authorization: )?bearer /i, "").replaceAll(" ", "");
}

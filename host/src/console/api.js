// Reads the API, and asks for a key where the server wants one.

import { $ } from "/page.js";

/** How often the reader said that there is no key. */
let declined = 0;
let asking = null;

/** Gets JSON from the API; asks for a key where the server wants one, or another one. */
export async function get(path) {
  const declinedBefore = declined;
  for (;;) {
    const key = sessionStorage.getItem("key");
    const response = await send(path, key);
    const body = await response.json().catch(() => null);
    // Without a key, 403 is no question of keys: another key would not help.
    if (response.status === 401 || (response.status === 403 && key)) {
      const why = key ? body?.detail ?? "The server does not take this key." : "";
      if (declined > declinedBefore) throw keyIsNeeded(why);
      // Another key may have been given since this request was sent.
      if (key === sessionStorage.getItem("key")) await askForKey(why);
      continue;
    }
    if (body === null) throw new Error(`What answered is not JSON (status ${response.status}). Is there something between this page and sayso?`);
    if (!response.ok && path !== "/readyz") throw new Error(body.detail ?? body.title ?? `The server answered ${response.status}.`);
    return body;
  }
}

async function send(path, key) {
  try {
    return await fetch(path, key ? { headers: { authorization: `Bearer ${key}` } } : {});
  } catch (error) {
    throw new Error(`The server cannot be reached; does it run? (${error.message})`);
  }
}

function keyIsNeeded(why) {
  return new Error(`A key with the scope read is needed. It is asked for again when you search. ${why}`.trim());
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

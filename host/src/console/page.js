// What every part of the page is made with.

/** The element with this id. */
export const $ = (id) => document.getElementById(id);
/** An element with properties and children; strings become text. */
export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Gets JSON from the API; asks for a key where the server wants one. */
export async function get(path) {
  const key = sessionStorage.getItem("key");
  const response = await fetch(path, key ? { headers: { authorization: `Bearer ${key}` } } : {});
  if (response.status === 401) {
    await askForKey();
    return get(path);
  }
  const body = await response.json();
  if (!response.ok && path !== "/readyz") throw new Error(body.detail ?? body.title ?? response.statusText);
  return body;
}

let asking = null;

/** Asks once, however many wait for it. */
function askForKey() {
  asking ??= keyFromDialog().finally(() => { asking = null; });
  return asking;
}

function keyFromDialog() {
  const dialog = $("key");
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      sessionStorage.setItem("key", new FormData(dialog.querySelector("form")).get("key").trim());
      resolve();
    }, { once: true });
  });
}

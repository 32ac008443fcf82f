// What every part of the page is made with.

/** The element with this id. */
export const $ = (id) => document.getElementById(id);
/** An element with properties and children; strings become text. */
export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Puts children in the place of others, but for those that are the same: a reader may have the focus or a selection in them. */
export function renew(element, ...children) {
  const next = [...make("div", {}, ...children).childNodes];
  const old = [...element.childNodes];
  if (next.length !== old.length) element.replaceChildren(...next);
  else next.forEach((child, index) => old[index].isEqualNode(child) || old[index].replaceWith(child));
}

/** What others wrote, set apart: text that runs from right to left does not turn the words around it. */
export function foreign(text, lang = "") {
  return make("bdi", lang ? { lang } : {}, text);
}

/** A name of several levels, such as a topic, which may go on in the next line behind each of them. */
export function levels(name) {
  const parts = name.split("/");
  const rest = parts.slice(1).flatMap((part) => ["/", make("wbr"), part]);
  return make("bdi", {}, parts[0], ...rest);
}

/** The API's words, such as `very_negative`, as people write them. */
export const words = (name) => name.replaceAll("_", " ");

/** A number as the reader's place writes it. */
export const number = (value) => value.toLocaleString();

const languages = new Intl.DisplayNames(["en"], { type: "language" });

/** What people call the language of this code. */
export function languageName(code) {
  if (!code || code === "und") return "unknown language";
  try {
    return languages.of(code);
  } catch {
    // Senders write what they like.
    return code;
  }
}

/** A command to type, with what tells this server from others. */
export function command(verb, ...rest) {
  return make("code", {}, ["sayso", verb, "--server", location.origin, ...rest].join(" "));
}

/** The language of what a customer wrote, for fonts, hyphens and screen readers; empty where it is not known. */
export function languageOf(feedback, analysis) {
  const code = analysis?.language?.code ?? feedback.language ?? "";
  return code === "und" ? "" : code;
}

/** A time as the reader's place writes it. */
export function time(at) {
  return make("time", { dateTime: at }, new Date(at).toLocaleString());
}

/** A function that loads and then shows. Of several calls only the last counts: what comes of the others is too late. */
export function latest(load, show) {
  let last = 0;
  return async (...given) => {
    last += 1;
    const mine = last;
    try {
      const answer = await load(...given);
      if (mine === last) show(answer, ...given);
    } catch (error) {
      if (mine === last) throw error;
    }
  };
}

/** Takes away what earlier actions said: another one begins. */
export function begin() {
  $("error").replaceChildren();
}

/** Says what failed, once, however many failed of it. */
export function fail(error) {
  const isSaid = [...$("error").children].some((one) => one.textContent === error.message);
  if (!isSaid) $("error").append(make("p", {}, error.message));
}

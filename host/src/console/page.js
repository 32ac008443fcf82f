// What every part of the page is made with.

/** The element with this id. */
export const $ = (id) => document.getElementById(id);
/** An element with properties and children; strings become text. */
export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** What others wrote, set apart: text that runs from right to left does not turn the words around it. */
export function foreign(text, lang = "") {
  return make("bdi", lang ? { lang } : {}, text);
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

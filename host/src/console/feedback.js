// What a customer said, in words: for the list and for the detail.

import { number } from "/page.js";

const kinds = { survey: "Survey", review: "Review", csr_note: "CSR note" };

/** What people call its kind. */
export const kindOf = ({ kind }) => kinds[kind] ?? kind;

/** Stars, points and satisfaction. */
export function rating({ rating: stars, csat }) {
  const scale = ({ value, min, max }) => `${value} on a scale of ${min} to ${max}`;
  return [stars ? `Rating: ${scale(stars)}` : "", csat ? `Satisfaction: ${scale(csat)}` : ""].filter(Boolean);
}

/** The same in short, with what a survey asks in numbers: for a line about it. */
export function marks({ rating: stars, csat, answers: all = [] }) {
  const asked = (type, name, scale) => all.filter((one) => one.field_type === type && typeof one.value === "number").slice(0, 1)
    .map((one) => short(name, one.value, one.scale ?? scale));
  return [
    ...(stars ? [short("rating", stars.value, stars)] : []),
    ...(csat ? [short("satisfaction", csat.value, csat)] : []),
    ...asked("nps", "NPS", { min: 0, max: 10 }),
    ...asked("csat", "CSAT"),
  ];
}

function short(name, value, scale) {
  if (!scale) return `${name} ${number(value)}`;
  // Of a scale that begins with neither 0 nor 1, the end alone would tell the wrong thing.
  return scale.min === 0 || scale.min === 1 ? `${name} ${number(value)} of ${number(scale.max)}`
    : `${name} ${number(value)} (${number(scale.min)} to ${number(scale.max)})`;
}

/** The answers to a survey: question and answer. */
export function answers(feedback) {
  const words = (value) => (value === true ? "yes" : value === false ? "no" : [value].flat().join(", "));
  return (feedback.answers ?? []).map((one) => [one.field_label || one.field_id, words(one.value)]);
}

/** One line of it: the words, or else what was said without any. A row needs no more than its beginning. */
export function summary(feedback, most = 500) {
  const said = [feedback.title, feedback.text].filter((text) => text?.trim());
  const numbers = [...rating(feedback), ...answers(feedback).map(([question, answer]) => `${question}: ${answer}`)];
  return beginning(said.join(": ") || numbers.join(" · ") || "Nothing was said.", most);
}

function beginning(text, most) {
  if (text.length <= most) return text;
  // Half of a surrogate pair is no character.
  return `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`;
}

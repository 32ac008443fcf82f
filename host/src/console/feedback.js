// What a customer said, in words: for the list and for the detail.

/** Stars, points and satisfaction. */
export function rating({ rating: stars, csat }) {
  const scale = ({ value, min, max }) => `${value} on a scale of ${min} to ${max}`;
  return [stars ? `Rating: ${scale(stars)}` : "", csat ? `Satisfaction: ${scale(csat)}` : ""].filter(Boolean);
}

/** The answers to a survey: question and answer. */
export function answers(feedback) {
  const words = (value) => (value === true ? "yes" : value === false ? "no" : [value].flat().join(", "));
  return (feedback.answers ?? []).map((one) => [one.field_label || one.field_id, words(one.value)]);
}

/** One line of it: the words, or else what was said without any. A row needs no more than its beginning. */
export function summary(feedback) {
  const said = [feedback.title, feedback.text].filter((text) => text?.trim());
  const numbers = [...rating(feedback), ...answers(feedback).map(([question, answer]) => `${question}: ${answer}`)];
  return beginning(said.join(": ") || numbers.join(" · ") || "Nothing was said.");
}

function beginning(text, most = 500) {
  if (text.length <= most) return text;
  // Half of a surrogate pair is no character.
  return `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`;
}

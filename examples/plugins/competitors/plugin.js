// Tags feedback that names a competitor, and feedback of a customer who is about to leave for one.

import { plugin } from './sayso.js';

/** Words by which a sentence that names a competitor tells of leaving, where the operator names none. */
const LEAVING = [
  'switch to', 'switching to', 'switched to', 'go to', 'going to', 'move to', 'moving to', 'moved to', 'back to',
  '乗り換え', '갈아탈', '갈아탔', '换成', '换到', '改用',
];

/**
 * Digits and letters of the scripts that part their words: Latin, Greek, Cyrillic. In the others a name may stand
 * anywhere. The engine of plugins is built without tables of Unicode, so no `\p{…}` says this.
 */
const LETTER = /[0-9A-Za-z\u00c0-\u024f\u0370-\u052f]/;

const SENTENCE_END = /[.!?。！？\n]/;

/** Full-width forms, and how far they are from the plain ones. */
const WIDE = /[\uff01-\uff5e]/g;
const WIDTH = 0xfee0;

export const analysis = plugin({
  name: 'competitors',
  version: '0.1.0',
  summary: 'Tags mentions of the configured competitors, and customers who are about to leave for one.',
  config: {
    type: 'object',
    properties: {
      competitors: {
        description: 'The names by which customers call each competitor; the key is what its tag is called.',
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: '^[a-z0-9_-]+$' },
        additionalProperties: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      },
      leaving: {
        description: 'Words that tell of leaving in a sentence that names a competitor.',
        type: 'array',
        items: { type: 'string', minLength: 1 },
      },
    },
    required: ['competitors'],
    additionalProperties: false,
  },

  prepare({ competitors, leaving = LEAVING }) {
    const owners = new Map();
    for (const [key, names] of Object.entries(competitors)) {
      for (const name of names.map((name) => fold(name).text)) {
        const other = owners.get(name) ?? key;
        if (other !== key) throw new Error(`\`competitors.${key}\`: "${name}" is a name of \`${other}\` too`);
        owners.set(name, key);
      }
    }
    const longestFirst = (words) => [...words].sort((a, b) => b.length - a.length);
    const departures = leaving.map((word) => fold(word).text);
    return { owners, names: longestFirst(owners.keys()), leaving: longestFirst(departures) };
  },

  process(feedback, effects, { owners, names, leaving }) {
    const { text, origin } = fold(feedback.text);
    const mentions = places(text, names);
    if (mentions.length === 0) return;
    const spans = (places) => places.map(({ start, end }) => [origin(start), origin(end)]);
    for (const key of new Set(mentions.map(({ word }) => owners.get(word)))) {
      const own = mentions.filter(({ word }) => owners.get(word) === key);
      effects.tag(`competitor/${key}`, { spans: spans(own) });
    }
    const isNear = (one) => mentions.some((mention) => !SENTENCE_END.test(between(text, one, mention)));
    const departures = places(text, leaving).filter(isNear);
    if (departures.length > 0) {
      effects.tag('competitor_switch', { class: 'intent', confidence: 0.8, spans: spans(departures) });
    }
  },
});

/** The text in lower case and of one width, and where in the original each of its units began. */
function fold(original) {
  const narrow = original.replace(WIDE, (wide) => String.fromCharCode(wide.charCodeAt(0) - WIDTH));
  const lower = narrow.toLowerCase();
  if (lower.length === original.length) return { text: lower, origin: (at) => at };
  // A few letters, such as İ, have a longer form in lower case.
  const starts = [];
  let text = '';
  for (let at = 0; at < narrow.length; at++) {
    text += narrow[at].toLowerCase();
    while (starts.length < text.length) starts.push(at);
  }
  return { text, origin: (at) => starts[at] ?? original.length };
}

/** Where these words stand, the longest first where two overlap. */
function places(text, words) {
  const found = [];
  for (const word of words) {
    for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + 1)) {
      const end = start + word.length;
      const isPart = isInWord(text, start) || isInWord(text, end);
      if (!isPart && !found.some((other) => start < other.end && other.start < end)) found.push({ start, end, word });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Whether the letters on both sides of this place belong to one word. */
function isInWord(text, at) {
  return at > 0 && at < text.length && LETTER.test(text[at - 1]) && LETTER.test(text[at]);
}

function between(text, one, other) {
  return text.slice(Math.min(one.end, other.end), Math.max(one.start, other.start));
}

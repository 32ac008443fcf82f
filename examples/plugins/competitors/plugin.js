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
const LETTER = '[0-9A-Za-z\\u00c0-\\u024f\\u0370-\\u052f]';

/** Full-width forms, and how far they are from the plain ones. */
const WIDE = /[\uff01-\uff5e]/g;
const WIDTH = 0xfee0;

const SENTENCE = /[^.!?。！？\n]+/gu;

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
      for (const name of names.map(plain)) {
        const other = owners.get(name) ?? key;
        if (other !== key) throw new Error(`\`competitors.${key}\`: "${name}" is a name of \`${other}\` too`);
        owners.set(name, key);
      }
    }
    return { owners, names: anyOf([...owners.keys()]), leaving: anyOf(leaving.map(plain)) };
  },

  process(feedback, effects, { owners, names, leaving }) {
    const { text, origin } = fold(feedback.text);
    const mentions = new Map();
    const departures = [];
    for (const sentence of text.matchAll(SENTENCE)) {
      const found = places(sentence, names, origin);
      for (const { span, word } of found) {
        const key = owners.get(plain(word));
        mentions.set(key, [...(mentions.get(key) ?? []), span]);
      }
      if (found.length > 0) departures.push(...places(sentence, leaving, origin).map(({ span }) => span));
    }
    for (const [key, spans] of mentions) effects.tag(`competitor/${key}`, { spans });
    if (departures.length > 0) {
      effects.tag('competitor_switch', { class: 'intent', confidence: 0.8, spans: departures });
    }
  },
});

/** A word whatever its case, the width of its letters, and the spaces in it. */
function plain(word) {
  return fold(word).text.replace(/\s+/g, ' ');
}

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

/** Finds any of these words, the longest first, and none in the middle of another where letters do not join. */
function anyOf(words) {
  const longestFirst = [...new Set(words)].sort((a, b) => b.length - a.length);
  const bounded = longestFirst.map((word) => {
    const escaped = word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/\s+/g, '\\s+');
    const [first, last] = [[...word].at(0), [...word].at(-1)];
    return `${edge(first, `(?<!${LETTER})`)}${escaped}${edge(last, `(?!${LETTER})`)}`;
  });
  return new RegExp(bounded.join('|') || '(?!)', 'gu');
}

function edge(letter, condition) {
  return new RegExp(LETTER).test(letter) ? condition : '';
}

function places(sentence, pattern, origin) {
  return Array.from(sentence[0].matchAll(pattern), (match) => {
    const start = sentence.index + match.index;
    return { span: [origin(start), origin(start + match[0].length)], word: match[0] };
  });
}

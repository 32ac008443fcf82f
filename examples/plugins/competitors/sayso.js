// What every plugin does alike: it describes itself, takes its configuration, and works through a batch. Part of the
// project, so that nothing has to be fetched; there is no need to change it.

/**
 * A passage: first character and the one behind the last, as `slice` of a string counts them.
 * @typedef {[number, number]} Passage
 */

/**
 * @typedef {object} Rating
 * @property {number} value
 * @property {number} min
 * @property {number} max
 */

/**
 * One feedback, as `wit/deps/sayso-plugin.wit` has it: `kebab-case` there is `camelCase` here, a variant is
 * `{ tag, val }`, an option that is none is undefined.
 * @typedef {object} Feedback
 * @property {{ tag: 'survey' | 'review' | 'csr-note' | 'other', val?: string }} kind
 * @property {{ code: string, confidence: number }} language
 * @property {Rating} [rating]
 * @property {string} [title]
 * @property {string} text
 * @property {{ start: number, end: number }[]} [customerWords] in bytes; see {@link words}
 * @property {object} [origin] needs `reads: ['origin']`
 * @property {object} [customer] needs `reads: ['customer']`
 * @property {{ tag: string, val: any }} [details] needs `reads: ['details']`
 * @property {string} [metadata] a JSON object; needs `reads: ['metadata']`
 */

/**
 * @template C
 * @typedef {object} Definition
 * @property {string} name lower case letters, digits and `-`
 * @property {string} version
 * @property {string} summary one sentence for people to read
 * @property {string[]} [reads] what it is given beside kind, language, rating, title and text, by the flags `reads`
 * @property {object} config JSON Schema of the configuration, which sayso checks before the plugin sees it
 * @property {(config: any) => C} [prepare] makes of the configuration what `process` gets; what it throws refuses it
 * @property {(feedback: Feedback, effects: Effects, config: C) => void} process says of one feedback what it has to
 */

/** Thrown by `process` for a kind or language of feedback that the plugin does not handle: no failure. */
export class Unsupported extends Error {}

/** What `reads` can name: the flags of the contract. */
const READS = [
  'origin', 'customer', 'details', 'metadata', 'scores', 'parts', 'evidence', 'passages', 'tags', 'routes', 'notes',
];

/** What a definition can have. */
const KEYS = ['name', 'version', 'summary', 'reads', 'config', 'prepare', 'process'];

/** What the plugin says of one feedback. */
export class Effects {
  /** @type {object[]} */
  #said = [];
  #item;

  constructor(item) {
    this.#item = item;
  }

  /** The effects of earlier plugins that `reads` names. */
  get earlier() {
    return this.#item.effects;
  }

  /** The place of the feedback in the batch, by which the grant `history` knows it. */
  get index() {
    return this.#item.index;
  }

  /** What was said so far. */
  get said() {
    return this.#said;
  }

  /**
   * A name on the feedback, in lower case; levels are parted by `/`.
   * @param {string} name
   * @param {{ class?: string, confidence?: number, spans?: Passage[] }} [more] class: `topic`, `intent`, or your own
   */
  tag(name, more = {}) {
    const { class: of = 'topic', confidence = 1, spans = [] } = options(more, ['class', 'confidence', 'spans'], 'tag');
    const val = {
      name: text(name, 'tag: name'),
      class: variant(text(of, 'tag: class'), ['topic', 'intent']),
      confidence: number(confidence, 'tag: confidence'),
      spans: list(spans, 'tag: spans').map(this.#span()),
    };
    this.#said.push({ tag: 'tag', val });
  }

  /**
   * A number for the feedback, or for a topic in it.
   * @param {string} name lower snake case
   * @param {number} value
   * @param {{ topic?: string, label?: string, parts?: Record<string, number>,
   *   evidence?: { span: Passage, weight: number }[],
   *   passages?: { span: Passage, value: number, label?: string }[] }} [more]
   */
  score(name, value, more = {}) {
    const known = ['topic', 'label', 'parts', 'evidence', 'passages'];
    const { topic, label, parts = {}, evidence = [], passages = [] } = options(more, known, 'score');
    const span = this.#span();
    const val = {
      name: text(name, 'score: name'),
      value: number(value, 'score: value'),
      scope: absent(topic) ? { tag: 'whole' } : { tag: 'topic', val: text(topic, 'score: topic') },
      label: absent(label) ? undefined : text(label, 'score: label'),
      parts: Object.entries(parts).map(([name, value]) => ({ name, value: number(value, `score: part ${name}`) })),
      evidence: list(evidence, 'score: evidence').map((one) => ({ span: span(one.span), weight: number(one.weight, 'score: weight') })),
      passages: list(passages, 'score: passages').map((one) => ({
        span: span(one.span),
        value: number(one.value, 'score: value of a passage'),
        label: absent(one.label) ? undefined : text(one.label, 'score: label of a passage'),
      })),
    };
    this.#said.push({ tag: 'score', val });
  }

  /**
   * A destination class, by which webhooks choose.
   * @param {string} name lower case
   * @param {{ rule: string, priority?: number, urgency?: string, reasons?: string[] }} more priority: 0 to 100, whole
   */
  route(name, more = {}) {
    const known = ['rule', 'priority', 'urgency', 'reasons'];
    const { rule, priority = 50, urgency = 'normal', reasons = [] } = options(more, known, 'route');
    if (!Number.isInteger(priority) || priority < 0 || priority > 100) {
      throw new RangeError(`route: priority is ${shown(priority)}; it has to be a whole number from 0 to 100`);
    }
    const val = {
      name: text(name, 'route: name'),
      rule: text(rule, 'route: rule'),
      priority,
      urgency: variant(text(urgency, 'route: urgency'), ['low', 'normal', 'high', 'critical']),
      reasons: list(reasons, 'route: reasons').map((reason) => text(reason, 'route: reason')),
    };
    this.#said.push({ tag: 'route', val });
  }

  /**
   * A passage that nobody may see from here on.
   * @param {Passage} span
   * @param {string} of what it was, for example `email`
   * @param {{ field?: string, text?: string }} [more] field: `text`, `title`, or a JSON Pointer, with the text there
   */
  redact(span, of, more = {}) {
    const { field = 'text', text: there } = options(more, ['field', 'text'], 'redact');
    const own = { text: this.#item.feedback.text, title: this.#item.feedback.title }[field] ?? there ?? '';
    const val = {
      field: variant(text(field, 'redact: field'), ['text', 'title']),
      span: bytes(text(own, 'redact: text'))(span),
      class: text(of, 'redact: class'),
    };
    this.#said.push({ tag: 'redact', val });
  }

  /**
   * A finding of another form, stored and delivered as it is.
   * @param {string} name
   * @param {unknown} value
   */
  note(name, value) {
    const val = { name: text(name, 'note: name'), value: text(JSON.stringify(value), 'note: value as JSON') };
    this.#said.push({ tag: 'other', val });
  }

  #span() {
    return bytes(this.#item.feedback.text);
  }
}

/**
 * Letters and digits of scripts that part their words, with the marks among them. The engine is built without tables of
 * Unicode, so no `\p{…}` says this. Han, Kana and Korean are missing on purpose: see {@link find}.
 */
const LETTER = new RegExp(
  '[0-9A-Za-z\\u00aa\\u00b2\\u00b3\\u00b5\\u00b9\\u00ba\\u00bc-\\u00be\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02c1' +
    '\\u0370-\\u0374\\u0376-\\u037d\\u037f\\u0386\\u0388-\\u0481\\u048a-\\u0559\\u0560-\\u0588\\u05b0-\\u05bd\\u05bf' +
    '\\u05d0-\\u05f2\\u0610-\\u061a\\u0620-\\u0669\\u066e-\\u06d3\\u06d5-\\u06fc\\u06ff\\u0710-\\u07f5\\u0800-\\u0963' +
    '\\u0966-\\u096f\\u0971-\\u0df3\\u0e01-\\u0e3a\\u0e40-\\u0e4d\\u0e50-\\u0e59\\u0e81-\\u0f00\\u0f20-\\u0fbc' +
    '\\u1000-\\u1049\\u1050-\\u109d\\u10a0-\\u10fa\\u10fc-\\u10ff\\u1200-\\u135a\\u1369-\\u13fd\\u1401-\\u166c' +
    '\\u166f-\\u169a\\u16a0-\\u16ea\\u16ee-\\u1733\\u1740-\\u17d3\\u17dc-\\u17f9\\u1810-\\u1fbc\\u1fc2-\\u1fcc' +
    '\\u1fd0-\\u1fdb\\u1fe0-\\u1fec\\u1ff2-\\u1ffc\\u2c00-\\u2cf3\\u2d00-\\u2dff\\u3105-\\u318e\\ua000-\\ua48c' +
    '\\ua4d0-\\ua4fd\\ua500-\\ua66e\\ua67f-\\ua6ef\\ua722-\\uab69\\uab70-\\uabf9\\uf900-\\ufd3d\\ufd50-\\ufdfb' +
    '\\ufe70-\\ufefc\\uff10-\\uff19\\uff21-\\uff3a\\uff41-\\uff5a\\uff66-\\uffdc\\u{10000}-\\u{1cfff}' +
    '\\u{1d400}-\\u{1d7ff}\\u{1e000}-\\u{1efff}\\u{20000}-\\u{3347f}]',
  'u',
);

/**
 * Every place of a word in a text, whatever its case, where it stands as whole words. In scripts that do not part words
 * (Han, Kana) and in Korean, whose words take endings, it is found anywhere. Places do not overlap.
 * @param {string} text
 * @param {string} word
 * @returns {Passage[]}
 */
export function find(text, word) {
  // Many words are looked for in the same text.
  if (searched.text !== text) searched = { text, lower: lowered(text) };
  const [{ lower }, sought] = [searched, lowered(word)];
  const places = [];
  for (let at = 0; sought.length > 0; ) {
    const start = lower.indexOf(sought, at);
    if (start < 0) break;
    const end = start + sought.length;
    const isFound = isEdge(text, start) && isEdge(text, end);
    if (isFound) places.push([start, end]);
    at = isFound ? end : start + 1;
  }
  return places;
}

/** The text that was searched last. */
let searched = { text: '', lower: '' };

/** In lower case, letter by letter, so that nothing moves: one has a longer form, and the sigma one of its own at an end. */
function lowered(text) {
  return text.toLowerCase().length === text.length && !text.includes('\u03a3')
    ? text.toLowerCase()
    : Array.from(text, (letter) => (letter === '\u0130' ? letter : letter.toLowerCase())).join('');
}

/** Whether a word may begin or end here. */
function isEdge(text, at) {
  const unit = text.charCodeAt(at - 1);
  const isLowHalf = unit >= 0xdc00 && unit < 0xe000;
  const before = text.slice(isLowHalf ? at - 2 : at - 1, at);
  const behind = text.codePointAt(at);
  return at === 0 || behind === undefined || !(LETTER.test(before) && LETTER.test(String.fromCodePoint(behind)));
}

/**
 * The words of a span of sayso's, which counts in bytes: one of `feedback.customerWords`, or of an earlier effect.
 * @param {string} text
 * @param {{ start: number, end: number }} span
 */
export function words(text, { start, end }) {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(start, end));
}

/**
 * Makes the plugin. Export it as `analysis`.
 * @template C
 * @param {Definition<C>} definition
 */
export function plugin(definition) {
  allKnown(Object.keys(definition), KEYS, 'plugin');
  const { reads = [], config, prepare = (config) => config, process } = definition;
  const [name, version, summary] = ['name', 'version', 'summary'].map((key) => text(definition[key], `plugin: ${key}`));
  if (absent(config) || !['object', 'boolean'].includes(typeof config)) {
    throw new TypeError(`plugin: config is ${shown(config)}; it has to be a JSON Schema, such as {}`);
  }
  const configSchema = JSON.stringify(config);
  const flags = flagged(reads);
  synchronous(process, 'process');
  synchronous(prepare, 'prepare');
  let prepared;
  return {
    describe() {
      return { name, version, summary, configSchema, reads: flags };
    },
    configure(json) {
      try {
        prepared = finished(prepare(JSON.parse(json)), 'prepare');
      } catch (error) {
        throw explain(error);
      }
    },
    process: (items) => items.map((item) => one(item)),
  };

  function one(item) {
    const effects = new Effects(item);
    try {
      finished(process(item.feedback, effects, prepared), 'process');
      return { tag: 'ok', val: effects.said };
    } catch (error) {
      const tag = error instanceof Unsupported ? 'unsupported' : 'failed';
      return { tag: 'err', val: { tag, val: explain(error) } };
    }
  }
}

/** The flags of the description. */
function flagged(reads) {
  if (!Array.isArray(reads)) throw new TypeError(`reads is ${shown(reads)}; it has to be an array of names`);
  allKnown(reads, READS, 'reads');
  return Object.fromEntries(reads.map((name) => [name, true]));
}

/** Refuses a name that is none, which else would say nothing. */
function allKnown(names, known, what) {
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new TypeError(`${what}: '${String(wrong)}' is unknown; known are ${known.join(', ')}`);
}

/** Refuses options of other names: what was meant by them would be lost. */
function options(more, known, what) {
  if (typeof more !== 'object' || more === null) throw new TypeError(`${what}: options are ${shown(more)}; they have to be an object`);
  allKnown(Object.keys(more), known, what);
  return more;
}

function list(value, what) {
  if (!Array.isArray(value)) throw new TypeError(`${what} is ${shown(value)}; it has to be an array`);
  return value;
}

/** Refuses a function of which it can be told that it returns before it has done its work. */
function synchronous(call, what) {
  if (typeof call !== 'function') throw new TypeError(`plugin: ${what} is ${shown(call)}; it has to be a function`);
  const kind = call.constructor?.name;
  if (['AsyncFunction', 'GeneratorFunction', 'AsyncGeneratorFunction'].includes(kind)) throw lasting(what);
}

/** Refuses a promise or a generator: nobody awaits it, so what it throws or still says would be lost. */
function finished(result, what) {
  const isGenerator = /Generator\]$/.test(Object.prototype.toString.call(result));
  if (isGenerator || typeof result?.then === 'function') throw lasting(what);
  return result;
}

function lasting(what) {
  return new TypeError(`${what} must not be async or a generator: sayso takes what was said when it returns`);
}

/** Refuses what is no string. The bindings would end the plugin for it, and say nothing. */
function text(value, what) {
  if (typeof value !== 'string') throw new TypeError(`${what} is ${shown(value)}; it has to be a string`);
  return value;
}

function number(value, what) {
  if (typeof value !== 'number') throw new TypeError(`${what} is ${shown(value)}; it has to be a number`);
  return value;
}

function absent(value) {
  return value === undefined || value === null;
}

/** A value as an error names it: a number itself, others by type, since they may hold a customer's words. */
function shown(value) {
  if (value === undefined || value === null || ['number', 'boolean'].includes(typeof value)) return String(value);
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

/** What was thrown, and where in the plugin's own sources. */
function explain(error) {
  if (error instanceof Unsupported) return error.message;
  const frames = String(error?.stack ?? '').split('\n').map((line) => /([^\s@/(]+\.m?js):(\d+)/.exec(line));
  const own = frames.find((frame) => frame && frame[1] !== 'sayso.js');
  return own ? `${error} (${own[1]}, line ${own[2]})` : String(error);
}

function variant(name, known) {
  return known.includes(name) ? { tag: name } : { tag: 'other', val: name };
}

/** Turns passages of a text into sayso's, which counts in bytes of UTF-8 where a string counts in units of UTF-16. */
function bytes(text) {
  let offsets;
  return (span) => {
    const [start, end] = list(span, 'span');
    offsets ??= byteOffsets(text);
    if (!(start in offsets && end in offsets) || start > end) {
      throw new RangeError(`span: ${shown(start)} to ${shown(end)} is no passage of a text of length ${text.length}`);
    }
    if (isHalved(text, start) || isHalved(text, end)) {
      throw new RangeError(`span: ${shown(start)} to ${shown(end)} begins or ends within one character, such as an emoji`);
    }
    return { start: offsets[start], end: offsets[end] };
  };
}

/** Whether a pair of surrogates, which is one character, lies around this place. */
function isHalved(text, at) {
  return at > 0 && text.codePointAt(at - 1) > 0xffff;
}

function byteOffsets(text) {
  const offsets = new Uint32Array(text.length + 1);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Either half of a pair of surrogates stands for two of its four bytes.
    const isHalf = unit >= 0xd800 && unit < 0xe000;
    offsets[at + 1] = offsets[at] + (unit < 0x80 ? 1 : unit < 0x800 || isHalf ? 2 : 3);
  }
  return offsets;
}

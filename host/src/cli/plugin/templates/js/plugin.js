// The plugin: what it is, what an operator can set, and one function of one feedback.

import { find, plugin } from './sayso.js';

export const analysis = plugin({
  name: '{{name}}',
  version: '0.1.0',
  summary: 'Tags feedback that has one of some words.',
  // What it is given beside kind, language, rating, title and text: 'details', 'customer', 'tags', …
  reads: [],
  // JSON Schema of the configuration.
  config: {
    type: 'object',
    properties: { words: { type: 'array', items: { type: 'string', minLength: 1 } } },
    required: ['words'],
    additionalProperties: false,
  },

  process(feedback, effects, { words }) {
    const spans = words.flatMap((word) => find(feedback.text, word));
    if (spans.length > 0) effects.tag('{{name}}', { spans });
  },
});

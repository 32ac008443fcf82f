// A plugin that does wrong what the text of the feedback says.

import { plugin } from './sayso.js';

const MISTAKES = {
  promise: async (effects) => effects.tag('lost'),
  'broken promise': async () => {
    throw new Error('lost');
  },
  generator: function* (effects) {
    yield effects.tag('lost');
  },
  'large priority': (effects) => effects.route('care', { rule: 'r', priority: 300 }),
  'no priority': (effects) => effects.route('care', { rule: 'r', priority: NaN }),
  'half a priority': (effects) => effects.route('care', { rule: 'r', priority: 50.9 }),
  'no name': (effects) => effects.tag(),
  'number for a name': (effects) => effects.tag(5),
  'no rule': (effects) => effects.route('care'),
  'text for a number': (effects, { text }) => effects.score('anger', text),
  'span outside': (effects) => effects.tag('a', { spans: [[0, 99]] }),
  'no value': (effects) => effects.note('a', undefined),
  nothing: (effects) => effects.tag('fine', { spans: [[0, 7]] }),
};

export const analysis = plugin({
  name: 'careless',
  version: '0.1.0',
  summary: 'Does what it should not.',
  config: {},
  process: (feedback, effects) => MISTAKES[feedback.text](effects, feedback),
});

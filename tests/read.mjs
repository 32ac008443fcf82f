// Reads one delivery with other people's libraries of npm, and says what each makes of it.
//
//   node read.mjs FOLDER     the folder that has node_modules
//
// Reads {"as": "standardwebhooks", "cloudevents" or "adaptivecards", "secret", "headers", "body"} as JSON, and prints a
// JSON object: what was understood, or {"refused": why}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(resolve(process.argv[2]) + "/");

const readers = {
  standardwebhooks({ secret, headers, body }) {
    const { Webhook } = require("standardwebhooks");
    return { verified: new Webhook(secret).verify(body, headers) };
  },

  cloudevents({ headers, body }) {
    const { HTTP } = require("cloudevents");
    const events = HTTP.toEvent({ headers, body });
    return { events: [events].flat().map((event) => ({ valid: event.validate(), event: event.toJSON() })) };
  },

  adaptivecards({ body }) {
    const { AdaptiveCard, SerializationContext, ValidationEvent, Versions } = adaptiveCards();
    const card = new AdaptiveCard();
    const context = new SerializationContext(Versions.v1_4);
    card.parse(JSON.parse(body).attachments[0].content, context);
    const events = [...Array(context.eventCount).keys()].map((index) => context.getEventAt(index));
    const failures = card.validateProperties().validationEvents;
    return {
      events: [...events, ...failures].map(({ event, message }) => `${ValidationEvent[event]}: ${message}`),
      elements: card.getItemCount(),
      actions: card.getActionCount(),
      card: card.toJSON(context),
    };
  },
};

// The package is made for browsers: as modules it does not load in Node.js, so its bundle is taken, which is UMD.
function adaptiveCards() {
  const bundle = readFileSync(require.resolve("adaptivecards/dist/adaptivecards.js"), "utf8");
  const module = { exports: {} };
  new Function("module", "exports", "self", bundle)(module, module.exports, globalThis);
  return module.exports;
}

const given = JSON.parse(readFileSync(0, "utf8"));
let understood;
try {
  understood = readers[given.as](given);
} catch (error) {
  understood = { refused: `${error}` };
}
console.log(JSON.stringify(understood));

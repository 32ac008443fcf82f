"""The plugin: what it is, what an operator can set, and one function of one feedback."""

from sayso import Effects, find, plugin
from wit_world.imports.types import Feedback


def process(feedback: Feedback, effects: Effects, config: dict) -> None:
    spans = [span for word in config["words"] for span in find(feedback.text, word)]
    if spans:
        effects.tag("{{name}}", spans=spans)


Analysis = plugin(
    name="{{name}}",
    version="0.1.0",
    summary="Tags feedback that has one of some words.",
    # What it is given beside kind, language, rating, title and text: "details", "customer", "tags", …
    reads=[],
    # JSON Schema of the configuration.
    config={
        "type": "object",
        "properties": {"words": {"type": "array", "items": {"type": "string", "minLength": 1}}},
        "required": ["words"],
        "additionalProperties": False,
    },
    process=process,
)

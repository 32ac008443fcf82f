"""A plugin that does wrong what the text of the feedback says."""

import sys

from sayso import Effects, plugin
from wit_world.imports.types import Feedback


async def awaited(effects, _):
    effects.tag("lost")


async def broken(_, __):
    raise ValueError("lost")


def generator(effects, _):
    yield effects.tag("lost")


MISTAKES = {
    "promise": awaited,
    "broken promise": broken,
    "generator": generator,
    "large priority": lambda effects, _: effects.route("care", rule="r", priority=300),
    "no priority": lambda effects, _: effects.route("care", rule="r", priority=float("nan")),
    "half a priority": lambda effects, _: effects.route("care", rule="r", priority=50.9),
    "no name": lambda effects, _: effects.tag(None),
    "number for a name": lambda effects, _: effects.tag(5),
    "no rule": lambda effects, _: effects.route("care", rule=None),
    "text for a number": lambda effects, feedback: effects.score("anger", feedback.text),
    "half a character": lambda effects, _: effects.tag("\ud800"),
    "exit": lambda _, __: sys.exit("enough"),
    "nothing": lambda effects, _: effects.tag("fine", spans=[(0, 7)]),
}


def process(feedback: Feedback, effects: Effects, config: dict) -> None:
    return MISTAKES[feedback.text](effects, feedback)


Analysis = plugin(name="careless", version="0.1.0", summary="Does what it should not.", config={}, process=process)

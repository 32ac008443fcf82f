"""How urgent the answers of a survey are: by how low they rate, what they say, and whether a call is asked for."""

import re
from dataclasses import dataclass

from sayso import Effects, Unsupported, plugin
from wit_world.imports import types
from wit_world.imports.types import Feedback

# What makes an answer urgent, and how much, where the operator names nothing.
WORDS = {
    "unsafe": 0.8,
    "dangerous": 0.8,
    "caught fire": 0.9,
    "injured": 0.9,
    "lawyer": 0.7,
    "charged twice": 0.6,
    "cancel": 0.5,
    "still waiting": 0.4,
    "urgent": 0.4,
    "immediately": 0.4,
    "today": 0.2,
}

# Scores from which on an answer is of this urgency, the highest first.
LEVELS = [(0.9, "critical"), (0.7, "high"), (0.3, "normal"), (0.0, "low")]

# The share of a rating at the bottom of its scale, and that of a wish to be called.
LOWEST_RATING = 0.6
CALL = 0.3

CALL_LABEL = re.compile(r"\b(call|contact|reach)\b", re.IGNORECASE)
RATED = (types.FieldType_Nps, types.FieldType_Csat, types.FieldType_Ces, types.FieldType_Rating)


@dataclass
class Settings:
    words: dict[str, float]
    route: str


def prepare(config: dict) -> Settings:
    return Settings({**WORDS, **config.get("words", {})}, config.get("route", "care"))


def process(feedback: Feedback, effects: Effects, settings: Settings) -> None:
    if not isinstance(feedback.details, types.Details_Survey):
        raise Unsupported("urgency is told from the answers of surveys alone")
    answers = feedback.details.value.answers
    evidence = [(span, share) for word, share in settings.words.items() for span in whole(feedback.text, word)]
    evidence.sort()
    parts = {
        "rating": max((rated(answer) for answer in answers), default=0.0),
        "words": together(share for _, share in evidence),
        "call": CALL if any(wants_call(answer) for answer in answers) else 0.0,
    }
    score = round(together(parts.values()), 3)
    level = next(level for least, level in LEVELS if score >= least)
    effects.score("urgency", score, label=level, parts=parts, evidence=evidence)
    if level in ("critical", "high"):
        reasons = [f"{part}: {share:.2f}" for part, share in parts.items() if share > 0]
        effects.route(settings.route, rule="urgency", priority=round(100 * score), urgency=level, reasons=reasons)


def together(shares) -> float:
    """Several reasons together say more than the strongest, and never more than 1."""
    rest = 1.0
    for share in shares:
        rest *= 1.0 - share
    return round(1.0 - rest, 3)


def rated(answer: types.Answer) -> float:
    """Nothing from the middle of the scale upwards, and all at its bottom."""
    if not isinstance(answer.field_type, RATED) or not isinstance(answer.value, types.AnswerValue_Number):
        return 0.0
    low, high = answer.scale or ((0.0, 10.0) if isinstance(answer.field_type, types.FieldType_Nps) else (1.0, 5.0))
    below = 1.0 - 2.0 * (answer.value.value - low) / (high - low)
    return round(LOWEST_RATING * min(max(below, 0.0), 1.0), 3)


def wants_call(answer: types.Answer) -> bool:
    return answer.value == types.AnswerValue_Boolean(True) and bool(CALL_LABEL.search(answer.field_label or ""))


def whole(text: str, word: str) -> list[tuple[int, int]]:
    """Where the word stands, or a longer one of its stem, as in "cancelled". Scripts without spaces have no edges."""
    has_edge = word[0].isascii() and word[0].isalnum()
    places = [match.span() for match in re.finditer(re.escape(word), text, re.IGNORECASE)]
    return [span for span in places if not has_edge or not text[: span[0]][-1:].isalnum()]


Analysis = plugin(
    name="urgency",
    version="0.1.0",
    summary="Scores how urgent the answers of a survey are, and routes those that cannot wait.",
    reads=["details"],
    config={
        "type": "object",
        "properties": {
            "words": {
                "description": "Words that make an answer urgent, each with its share; added to the built-in ones.",
                "type": "object",
                "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            },
            "route": {"description": "Where the high and critical go; care.", "type": "string", "minLength": 1},
        },
        "additionalProperties": False,
    },
    prepare=prepare,
    process=process,
)

"""What every plugin does alike: it describes itself, takes its configuration, and works through a batch.

Part of the project, so that nothing has to be fetched; there is no need to change it. The types are those of
`wit/deps/sayso-plugin.wit`, as `sayso plugin build` leaves them in `bindings/` for editors and type checkers.
"""

# What the standard library imports when it is first used, and what is not there by then.
import _strptime  # noqa: F401
import encodings.cp1252  # noqa: F401
import encodings.idna  # noqa: F401
import encodings.latin_1  # noqa: F401
import inspect
import json
import re
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from componentize_py_types import Err, Ok, Result
from wit_world import exports
from wit_world.imports import types

# A passage: first character and the one behind the last, as slices count them.
Passage = tuple[int, int]


class Unsupported(Exception):
    """Raised by `process` for a kind or language of feedback that the plugin does not handle: no failure."""


class Effects:
    """What the plugin says of one feedback."""

    def __init__(self, item: types.Item) -> None:
        # The effects of earlier plugins that `reads` names.
        self.earlier = item.effects
        # The place of the feedback in the batch, by which the grant `history` knows it.
        self.index = item.index
        # What was said so far.
        self.said: list[types.Effect] = []
        self._feedback = item.feedback

    def tag(self, name: str, *, kind: str = "topic", confidence: float = 1.0, spans: Iterable[Passage] = ()) -> None:
        """A name on the feedback, in lower case; levels are parted by `/`. `kind`: `topic`, `intent` or your own."""
        known = {"topic": types.TagClass_Topic, "intent": types.TagClass_Intent}
        places = [self._span(span) for span in spans]
        of = _variant(_text(kind, "tag: kind"), known, types.TagClass_Other)
        tag = types.Tag(_text(name, "tag: name"), of, _number(confidence, "tag: confidence"), places)
        self.said.append(types.Effect_Tag(tag))

    def score(
        self,
        name: str,
        value: float,
        *,
        topic: str | None = None,
        label: str | None = None,
        parts: dict[str, float] | None = None,
        evidence: Iterable[tuple[Passage, float]] = (),
        passages: Iterable[tuple[Passage, float, str | None]] = (),
    ) -> None:
        """A number for the feedback, or for a topic in it. `evidence`: passages with their weight."""
        scope = types.Scope_Whole() if topic is None else types.Scope_Topic(_text(topic, "score: topic"))
        shares = [
            types.Part(_text(part, "score: part"), _number(share, f"score: part {part}"))
            for part, share in (parts or {}).items()
        ]
        weighed = [types.Evidence(self._span(span), _number(weight, "score: weight")) for span, weight in evidence]
        scored = [
            types.Passage(self._span(span), _number(one, "score: value of a passage"), _label(of))
            for span, one, of in passages
        ]
        score = types.Score(
            _text(name, "score: name"), _number(value, "score: value"), scope, _label(label), shares, weighed, scored
        )
        self.said.append(types.Effect_Score(score))

    def route(
        self, name: str, *, rule: str, priority: int = 50, urgency: str = "normal", reasons: Iterable[str] = ()
    ) -> None:
        """A destination class, by which webhooks choose. `priority`: 0 to 100."""
        if not isinstance(priority, int) or not 0 <= priority <= 100:
            raise ValueError(f"route: priority is {_shown(priority)}; it has to be a whole number from 0 to 100")
        known = {
            "low": types.Urgency_Low,
            "normal": types.Urgency_Normal,
            "high": types.Urgency_High,
            "critical": types.Urgency_Critical,
        }
        soon = _variant(_text(urgency, "route: urgency"), known, types.Urgency_Other)
        why = [_text(reason, "route: reason") for reason in reasons]
        route = types.Route(_text(name, "route: name"), _text(rule, "route: rule"), priority, soon, why)
        self.said.append(types.Effect_Route(route))

    def redact(self, span: Passage, kind: str, *, field: str = "text", text: str | None = None) -> None:
        """A passage that nobody may see from here on. `field`: `text`, `title`, or a JSON Pointer with its text."""
        known = {"text": types.Field_Text, "title": types.Field_Title}
        own = {"text": self._feedback.text, "title": self._feedback.title}.get(field, text)
        if own is None:
            what = "there is no title" if field == "title" else "give its text with `text=`"
            raise ValueError(f"redact: the passage is one of `{field}`, and {what}")
        place = _variant(_text(field, "redact: field"), known, types.Field_Other)
        hidden = _bytes(_text(own, "redact: text"), span)
        self.said.append(types.Effect_Redact(types.Redaction(place, hidden, _text(kind, "redact: kind"))))

    def note(self, name: str, value: Any) -> None:
        """A finding of another form, stored and delivered as it is."""
        self.said.append(types.Effect_Other(types.Note(_text(name, "note: name"), json.dumps(value))))

    def _span(self, span: Passage) -> types.Span:
        return _bytes(self._feedback.text, span)


# Marks that are part of a word, as the vowel signs of India are; `isalnum` does not know them.
_MARK = re.compile(
    "[\u05b0-\u05bd\u05bf\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0981-\u0df3"
    "\u0e31-\u0e3a\u0e47-\u0e4d\u0eb1-\u0ecd\u0f71-\u0fbc\u102b-\u103e\u17b4-\u17d3]"
)
# Scripts that do not part words, and Korean, whose words take endings.
_UNPARTED = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def find(text: str, word: str) -> list[Passage]:
    """Every place of a word in a text, whatever its case, where it stands as whole words.

    In scripts that do not part words (Han, Kana) and in Korean it is found anywhere. Places do not overlap.
    """
    lower, sought = _lowered(text), _lowered(word)
    places: list[Passage] = []
    at = lower.find(sought) if sought else -1
    while at >= 0:
        end = at + len(sought)
        is_found = _is_edge(text, at) and _is_edge(text, end)
        if is_found:
            places.append((at, end))
        at = lower.find(sought, end if is_found else at + 1)
    return places


def _lowered(text: str) -> str:
    """In lower case, letter by letter, so that nothing moves: İ has a longer form, and Σ one of its own at an end."""
    if "\u0130" in text or "\u03a3" in text:
        return "".join(letter if letter == "\u0130" else letter.lower() for letter in text)
    return text.lower()


def _is_edge(text: str, at: int) -> bool:
    """Whether a word may begin or end here."""
    return not (_is_joined(text[max(at - 1, 0) : at]) and _is_joined(text[at : at + 1]))


def _is_joined(letter: str) -> bool:
    return bool((letter.isalnum() or _MARK.match(letter)) and not _UNPARTED.match(letter))


def words(text: str, span: types.Span) -> str:
    """The words of a span of sayso's, which counts in bytes: of `customer_words`, or of an earlier effect."""
    return text.encode()[span.start : span.end].decode()


def plugin(
    *,
    name: str,
    version: str,
    summary: str,
    config: dict[str, Any],
    process: Callable[[types.Feedback, Effects, Any], None],
    prepare: Callable[[Any], Any] = lambda config: config,
    reads: Iterable[str] = (),
) -> type[exports.Analysis]:
    """Makes the plugin. Call it `Analysis`.

    `config` is the JSON Schema of the configuration, which sayso checks before the plugin sees it. `prepare` makes of
    the configuration what `process` is given; what it raises refuses the configuration.
    """
    about = [_text(name, "plugin: name"), _text(version, "plugin: version"), _text(summary, "plugin: summary")]
    if not isinstance(config, (dict, bool)):
        raise TypeError(f"plugin: config is {_shown(config)}; it has to be a JSON Schema, such as {{}}")
    schema = json.dumps(config)
    _synchronous(process, "process")
    _synchronous(prepare, "prepare")
    flags = _flags(reads)

    class Analysis(exports.Analysis):
        def describe(self) -> types.Description:
            return types.Description(*about, schema, flags)

        def configure(self, config: str) -> None:
            try:
                Analysis.prepared = _finished(prepare(json.loads(config)), "prepare")
            except BaseException as error:
                raise Err(_explain(error)) from error

        def process(self, items: list[types.Item]) -> list[Result[list[types.Effect], types.Fault]]:
            return [one(item, Analysis.prepared) for item in items]

    def one(item: types.Item, prepared: Any) -> Result[list[types.Effect], types.Fault]:
        effects = Effects(item)
        try:
            _finished(process(item.feedback, effects, prepared), "process")
        except Unsupported as error:
            return Err(types.Fault_Unsupported(_sayable(str(error))))
        except BaseException as error:
            # SystemExit as well: this item is at fault, and the others of the batch go on.
            return Err(types.Fault_Failed(_explain(error)))
        return Ok(effects.said)

    return Analysis


def _flags(reads: Iterable[str]) -> types.Reads:
    """The flags of the description."""
    known = {flag.name.lower(): flag for flag in types.Reads}
    flags = types.Reads(0)
    for name in [reads] if isinstance(reads, str) else reads:
        flag = known.get(str(name).lower())
        if flag is None:
            raise ValueError(f"reads: {name!r} is unknown; known are {', '.join(known)}")
        flags |= flag
    return flags


def _synchronous(call: Any, what: str) -> None:
    """Refuses a function of which it can be told that it returns before it has done its work."""
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    if not callable(call):
        raise TypeError(f"plugin: {what} is {_shown(call)}; it has to be a function")
    if any(is_kind(call) for is_kind in kinds):
        raise _lasting(what)


def _finished(result: Any, what: str) -> Any:
    """Refuses a coroutine or a generator: nobody awaits it, so what it raises or still says would be lost."""
    kinds = (inspect.isawaitable, inspect.isgenerator, inspect.isasyncgen)
    if any(is_kind(result) for is_kind in kinds):
        raise _lasting(what)
    return result


def _lasting(what: str) -> TypeError:
    return TypeError(f"{what} must not be async or a generator: sayso takes what was said when it returns")


def _text(value: Any, what: str) -> str:
    """Refuses what is no text. The bindings would end the plugin for it, and say nothing."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is {_shown(value)}; it has to be a str")
    # Half a character cannot be written: this raises an error that says so.
    value.encode()
    return value


def _label(value: Any) -> str | None:
    return None if value is None else _text(value, "score: label")


def _number(value: Any, what: str) -> float:
    if not hasattr(value, "__float__"):
        raise TypeError(f"{what} is {_shown(value)}; it has to be a number")
    return float(value)


def _shown(value: Any) -> str:
    """A value as an error names it: a number itself, others by type, since they may hold a customer's words."""
    return repr(value) if value is None or isinstance(value, (int, float)) else f"of type {type(value).__name__}"


def _explain(error: BaseException) -> str:
    """What was raised, where in the plugin's own sources, and what helps where a module is missing."""
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.endswith("sayso.py")]
    if own:
        reason += f" ({own[-1].filename.rsplit('/', 1)[-1]}, line {own[-1].lineno})"
    if isinstance(error, ImportError) or "unknown encoding" in reason:
        reason += "; only what is imported when the plugin is built is there: import it at the top of plugin.py"
    return _sayable(reason)


def _sayable(reason: str) -> str:
    """The reason without halves of characters, which cannot be written."""
    return reason.encode(errors="replace").decode()


def _variant(name: str, known: dict[str, Any], other: Any) -> Any:
    return known[name]() if name in known else other(name)


def _bytes(text: str, span: Passage) -> types.Span:
    """A passage in sayso's terms, which counts in bytes of UTF-8 where a string counts in characters."""
    if not isinstance(span, (tuple, list)) or len(span) != 2:
        raise TypeError(f"a passage is {_shown(span)}; it has to be a pair of places, such as (0, 4)")
    start, end = span
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"the passage {_shown(start)} to {_shown(end)} is none of a text of {len(text)} characters")
    first = len(text[:start].encode())
    return types.Span(first, first + len(text[start:end].encode()))

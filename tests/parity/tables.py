"""Writes the tables of plugins/sentiment/data from the Python package vaderSentiment and from Python's own Unicode data.

    python tests/parity/tables.py           writes them
    python tests/parity/tables.py --check   says whether they are what would be written

Only what a token can reach is kept. The reference looks up lower-cased tokens without white space, so a key with a
capital or a space in it is never found; it replaces emoji character by character, so one of several characters is not
found either. Of a key that is there twice, the last counts, as in the reference.
"""

import pathlib
import sys

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

DATA = pathlib.Path(__file__).parents[2] / "plugins" / "sentiment" / "data"


def words(lexicon):
    reachable = {word: value for word, value in lexicon.items() if word == word.lower() and len(word.split()) == 1}
    return "".join(f"{word}\t{value}\n" for word, value in sorted(reachable.items()))


def emoji(emojis):
    single = {char: description for char, description in emojis.items() if len(char) == 1}
    return "".join(f"{char}\t{description}\n" for char, description in sorted(single.items()))


def runs(points):
    """Code points as runs (first, last, step) of step 1 or 2: capitals and small letters often alternate."""
    at = 0
    while at < len(points):
        end, step = max((run_end(points, at, step), step) for step in (1, 2))
        yield points[at], points[end], step if end > at else 1
        at = end + 1


def run_end(points, at, step):
    while at + 1 < len(points) and points[at + 1] - points[at] == step:
        at += 1
    return at


def cased():
    """What `str.isupper` goes by: capitals, and what makes it false, which is small and titlecase letters."""
    chars = [chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point <= 0xDFFF]
    lower = [ord(char) for char in chars if char.islower() or (char.istitle() and not char.isupper())]
    upper = [ord(char) for char in chars if char.isupper()]
    lines = [("upper", run) for run in runs(upper)] + [("lower", run) for run in runs(lower)]
    return "".join(f"{case}\t{first:X}\t{last:X}\t{step}\n" for case, (first, last, step) in lines)


def main():
    reference = SentimentIntensityAnalyzer()
    tables = {"words.tsv": words(reference.lexicon), "emoji.tsv": emoji(reference.emojis), "cased.tsv": cased()}
    differing = [name for name, text in tables.items() if text != read(DATA / name)]
    if "--check" in sys.argv[1:]:
        for name in differing:
            print(f"{DATA / name} is not what the reference has: run tests/parity/tables.py", file=sys.stderr)
        sys.exit(1 if differing else 0)
    for name in differing:
        (DATA / name).write_text(tables[name], encoding="utf-8", newline="\n")


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    main()

"""Compares the plugin's numbers with those of the Python package vaderSentiment, text by text: see run.sh.

    compare.py PROGRAM [--texts N] [--seeds S,S,…] [--vocabulary] [--keep FILE] [TSV.gz …]

PROGRAM is the example `read` of the plugin. A text that differs is printed with both, and put into FILE with the
numbers of the reference. TSV files have a column `text`.
"""

import argparse
import csv
import gzip
import itertools
import json
import subprocess
import sys

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from texts import Texts, of_vocabulary

NAMES = ("neg", "neu", "pos", "compound")
BATCH = 20_000
SHOWN = 20


def of_reference(reference, text):
    scores = reference.polarity_scores(text)
    return [scores[name] for name in NAMES]


def of_plugin(program, texts):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    answer = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def differences(program, reference, texts):
    """The texts that differ, each with both numbers; and how many there were. As printed: −0.0 is not 0.0."""
    count, differing = 0, []
    texts = iter(texts)
    while batch := list(itertools.islice(texts, BATCH)):
        found = of_plugin(program, batch)
        assert len(found) == len(batch), f"{len(found)} answers to {len(batch)} texts"
        count += len(batch)
        for text, own in zip(batch, found):
            expected = of_reference(reference, text)
            if repr(own) != repr(expected):
                differing.append((text, own, expected))
    return differing, count


def of_file(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["text"]


def main():
    arguments = argparse.ArgumentParser(usage=__doc__)
    arguments.add_argument("program")
    arguments.add_argument("--texts", type=int, default=200_000, help="texts of the grammar for each seed")
    arguments.add_argument("--seeds", default="1")
    arguments.add_argument("--vocabulary", action="store_true")
    arguments.add_argument("--keep")
    arguments.add_argument("files", nargs="*")
    arguments = arguments.parse_intermixed_args()
    reference = SentimentIntensityAnalyzer()
    sources = [(path, of_file(path)) for path in arguments.files]
    if arguments.vocabulary:
        sources.append(("vocabulary", of_vocabulary(reference)))
    for seed in arguments.seeds.split(","):
        grammar = Texts(reference, int(seed))
        sources.append((f"seed {seed}", (grammar.next() for _ in range(arguments.texts))))
    total = 0
    for name, texts in sources:
        differing, count = differences(arguments.program, reference, texts)
        print(f"{name}: {count} texts, {len(differing)} differ", flush=True)
        for text, own, expected in differing[:SHOWN]:
            print(f"  {text!a}: {own}, the reference has {expected}")
        if arguments.keep:
            with open(arguments.keep, "a", encoding="utf-8") as file:
                file.writelines(json.dumps([text, *expected]) + "\n" for text, _, expected in differing)
        total += len(differing)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()

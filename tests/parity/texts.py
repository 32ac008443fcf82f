"""Texts for the comparison with the reference: every word and emoji that it knows, and texts of a grammar by seed."""

import random
import unicodedata

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SENTIMENT_LADEN_IDIOMS, SPECIAL_CASES

SPACES = [chr(point) for point in range(0x110000) if chr(point).isspace()]
# Not white space to Python, though they look it.
NEAR_SPACES = list("\u200b\u200c\u200d\u2060\ufeff\u180e\x00\x08\x0e\x1b\x7f\x84\x86\u00ad")
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + list("’‘“”«»…–—¡¿。！？、·•§¶†")
RULE_WORDS = """no or nor but kind of sort just enough never so this without doubt least at very the shit bomb bad ass bus
    stop yeah right beating heart kiss death to die for badass not n't don't isn't cannot""".split()
# Letters that change in number or kind when their case changes, or that have none or an odd one.
ODD_LETTERS = list("KkİıſßẞΣσςÅåǄǅǆŉΐᾈᾳⅠⅰⒶⓐªºʰʼͅ\u1c89\u1c8a\ua7da\ua7db\ua7cb\U00010d50\U0001e030\U0001df25\U0001d400"
                   "\U0001d41a\u10a0\u10d0\u1c90\u2c2f\u2c5f\u13a0\uab70\ufb01\ufb00\u0149\u1e9e\u212a\u2126\u01c5")
# All of Unicode that may have case some day, unassigned characters too: this Python and this Rust know different ones.
LETTER_BLOCKS = [range(0x80, 0x2E80), range(0xA000, 0xAC00), range(0xF900, 0x20000)]
TAILS = ["\ufe0f", "\u200d", "\U0001f3fb", "\U0001f3ff", "!", "?!", "x", ".", "'s", ")", "\u20e3", "\u0301", "-", "n't"]
MARKS = ["", "", "", "", ".", ",", "!", "!!", "!!!", "!!!!!", "?", "??", "???", "????", "...", "?!", ":", ";", ")", "’", "…"]


def of_vocabulary(reference):
    """Every key of the reference's tables, by itself and beside others."""
    for word in reference.lexicon:
        yield from (word, word.upper(), f"{word}.", f"not {word} but {word}", f"it is VERY {word.upper()}!")
    for word in [*BOOSTER_DICT, *NEGATE]:
        yield from (word, f"{word} good", f"{word} x good", f"{word} x y bad", f"{word.upper()} good", f"GOOD {word} bad")
    for phrase in [*SPECIAL_CASES, *SENTIMENT_LADEN_IDIOMS]:
        yield from (phrase, f"a b c {phrase}", f"a b c {phrase} d e", f"a {phrase} b good", f"{phrase} good", phrase.upper())
    for emoji in reference.emojis:
        yield from (emoji, f"a{emoji}", f"{emoji}a", f"so {emoji} {emoji}\ufe0f!", f"NOT{emoji}\n{emoji}but")
    for block in LETTER_BLOCKS:
        for char in map(chr, block):
            yield from (f"GOOD A{char}B", f"GOOD {char}BAD", f"VERY good {char} very{char}good good{char}ish")


class Texts:
    """Texts of a grammar; the same for the same seed."""

    def __init__(self, reference, seed):
        self.random = random.Random(seed)
        self.lexicon = list(reference.lexicon)
        self.emoji = [emoji for emoji in reference.emojis if len(emoji) == 1]
        self.sequences = [emoji for emoji in reference.emojis if len(emoji) > 1]
        by_value = {}
        for word, value in reference.lexicon.items():
            by_value.setdefault(value, []).append(word)
        # Valences of which one is half, or half more than another, so that a "but" makes equal ones.
        self.chained = [by_value[value] for value in (0.4, 0.6, 0.8, 0.9, 1.2, 1.6, 1.8, 2.4, 2.7, -0.8, -1.2, -1.6, -2.4)
                        if value in by_value]
        self.boosters = list(BOOSTER_DICT)
        self.idioms = [*SPECIAL_CASES, *SENTIMENT_LADEN_IDIOMS]

    def next(self):
        # Few long ones: the reference takes time in proportion to the square of their length.
        if self.random.random() < 0.003:
            return "\n".join(self.short() for _ in range(self.random.randint(5, 40)))
        return self.short()

    def short(self):
        kinds = [self.sentence, self.sentence, self.sentence, self.rules, self.rules, self.contrast, self.emojis, self.soup]
        return self.random.choice(kinds)()

    def sentence(self):
        return self.join([self.dressed(self.word()) for _ in range(self.random.randint(1, 25))])

    def rules(self):
        """Few words that all mean something to each other."""
        words = RULE_WORDS + ["good", "GOOD", "great", "x", "bad"] + self.random.sample(self.boosters, 3)
        words += self.random.sample(self.lexicon, 3) + self.random.sample(NEGATE, 3)
        words = [self.random.choice(words) for _ in range(self.random.randint(2, 12))]
        return self.join([self.dressed(word) if self.random.random() < 0.2 else self.cased(word) for word in words])

    def contrast(self):
        """Weights that equal each other around a "but"."""
        classes = self.random.sample(self.chained, self.random.randint(1, 5))
        words = [self.random.choice(self.random.choice(classes)) for _ in range(self.random.randint(2, 30))]
        for _ in range(self.random.randint(1, 2)):
            words.insert(self.random.randint(0, len(words)), self.random.choice(["but", "But", "BUT", "but,", "but..."]))
        if self.random.random() < 0.3:
            words = [f"x y {word}" for word in words]
        return " ".join(words)

    def emojis(self):
        parts = []
        for _ in range(self.random.randint(1, 10)):
            pick = self.random.random()
            parts.append(self.random.choice(self.emoji if pick < 0.5 else self.sequences if pick < 0.65 else TAILS)
                         if pick < 0.8 else self.space() + self.dressed(self.word()))
            if self.random.random() < 0.3:
                parts.append(self.space())
        return "".join(parts)

    def soup(self):
        """Characters at random, with a word between."""
        return "".join(self.any_char() if self.random.random() < 0.8 else self.space() + self.word()
                       for _ in range(self.random.randint(1, 30)))

    def word(self):
        pick = self.random.random()
        if pick < 0.35:
            return self.random.choice(self.lexicon)
        if pick < 0.5:
            return self.random.choice(self.boosters)
        if pick < 0.6:
            return self.random.choice(NEGATE)
        if pick < 0.7:
            return self.random.choice(RULE_WORDS)
        if pick < 0.76:
            return self.random.choice(self.idioms)
        if pick < 0.8:
            return self.random.choice(self.emoji + self.sequences)
        if pick < 0.84:
            return "".join(self.any_char() for _ in range(self.random.randint(1, 5)))
        return self.random.choice(["the", "a", "it", "is", "I", "phone", "was", "OK", "e.g.", "3.5", "A1", "u", "xn'ty", "Ünder"])

    def cased(self, word):
        change = self.random.choice([str, str, str, str, str.upper, str.title, str.swapcase, self.scrambled])
        return change(word)

    def scrambled(self, word):
        return "".join(self.random.choice([str.upper, str.lower, str.swapcase])(char) for char in word)

    def dressed(self, word):
        word = self.cased(word)
        pick = self.random.random()
        if pick < 0.03:
            word = word.replace("k", "\u212a").replace("i", "\u0130")
        elif pick < 0.06:
            at = self.random.randint(0, len(word))
            word = word[:at] + self.random.choice(ODD_LETTERS + TAILS + NEAR_SPACES + PUNCTUATION) + word[at:]
        elif pick < 0.12:
            word = self.random.choice(PUNCTUATION) * self.random.randint(1, 3) + word
        elif pick < 0.14:
            word = unicodedata.normalize("NFD", word)
        return word + self.random.choice(MARKS)

    def space(self):
        pick = self.random.random()
        if pick < 0.85:
            return " "
        return self.random.choice(SPACES + NEAR_SPACES) * self.random.randint(1, 2) if pick < 0.97 else ""

    def any_char(self):
        pick = self.random.random()
        if pick < 0.2:
            return self.random.choice(PUNCTUATION)
        if pick < 0.3:
            return self.random.choice(ODD_LETTERS)
        if pick < 0.5:
            return chr(self.random.randint(0, 0x7F))
        if pick < 0.6:
            return self.random.choice(SPACES + NEAR_SPACES + TAILS + self.emoji)
        point = self.random.randint(0x80, 0x2FFF) if pick < 0.9 else self.random.randint(0x80, 0x10FFFF)
        return chr(point) if not 0xD800 <= point <= 0xDFFF else "\ufffd"

    def join(self, words):
        text = self.space() if self.random.random() < 0.05 else ""
        return text + "".join(word + self.space() for word in words)

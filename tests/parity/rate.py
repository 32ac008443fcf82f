"""Times VADER's reference: reads a JSON list of sentences, and prints how many it scores in a second, on one core.

    rate.py < sentences.json
"""

import json
import sys
import time

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

sentences = json.load(sys.stdin)
analyzer = SentimentIntensityAnalyzer()
for sentence in sentences[:100]:
    analyzer.polarity_scores(sentence)
started = time.perf_counter()
for sentence in sentences:
    analyzer.polarity_scores(sentence)
print(len(sentences) / (time.perf_counter() - started))

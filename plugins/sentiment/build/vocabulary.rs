//! The words that VADER's rules go by, beside those of its lexicon.

/// Words that strengthen the one they go before.
#[rustfmt::skip]
pub(crate) const BOOSTERS: [&str; 60] = [
    "absolutely", "amazingly", "awfully", "completely", "considerable", "considerably", "decidedly", "deeply",
    "effing", "enormous", "enormously", "entirely", "especially", "exceptional", "exceptionally", "extreme",
    "extremely", "fabulously", "flipping", "flippin", "frackin", "fracking", "fricking", "frickin", "frigging",
    "friggin", "fully", "fuckin", "fucking", "fuggin", "fugging", "greatly", "hella", "highly", "hugely",
    "incredible", "incredibly", "intensely", "major", "majorly", "more", "most", "particularly", "purely", "quite",
    "really", "remarkably", "so", "substantially", "thoroughly", "total", "totally", "tremendous", "tremendously",
    "uber", "unbelievably", "unusually", "utter", "utterly", "very",
];

/// Words that weaken the one they go before.
#[rustfmt::skip]
pub(crate) const DAMPENERS: [&str; 21] = [
    "almost", "barely", "hardly", "kinda", "kindof", "kind-of", "less", "little", "marginal", "marginally",
    "occasional", "occasionally", "partly", "scarce", "scarcely", "slight", "slightly", "somewhat", "sorta", "sortof",
    "sort-of",
];

/// Words that turn the one they go before into its opposite; anything with `n't` in it does too.
#[rustfmt::skip]
pub(crate) const NEGATIONS: [&str; 59] = [
    "ain't", "aint", "aren't", "arent", "can't", "cannot", "cant", "couldn't", "couldnt", "daren't", "darent",
    "despite", "didn't", "didnt", "doesn't", "doesnt", "don't", "dont", "hadn't", "hadnt", "hasn't", "hasnt",
    "haven't", "havent", "isn't", "isnt", "mightn't", "mightnt", "mustn't", "mustnt", "needn't", "neednt", "neither",
    "never", "none", "nope", "nor", "not", "nothing", "nowhere", "oughtn't", "oughtnt", "rarely", "seldom", "shan't",
    "shant", "shouldn't", "shouldnt", "uh-uh", "uhuh", "wasn't", "wasnt", "weren't", "werent", "without", "won't",
    "wont", "wouldn't", "wouldnt",
];

/// Words that a rule asks for by name: the variants of `Name`.
#[rustfmt::skip]
pub(crate) const NAMES: [&str; 33] = [
    "no", "or", "nor", "but", "kind", "of", "sort", "just", "enough", "never", "so", "this", "without", "doubt",
    "least", "at", "very", "the", "shit", "bomb", "bad", "ass", "bus", "stop", "yeah", "right", "beating", "heart",
    "kiss", "death", "to", "die", "for",
];

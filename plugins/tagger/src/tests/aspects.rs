//! The sentiment of topics, in four languages. The evidence is what the plugin `sentiment` would find.

use sayso_plugin::{Effect, Scope};

use super::{run_with, with_sentiment};

/// The sentiment of each topic.
fn aspects(language: &str, text: &str, words: &[(&str, f64)]) -> Vec<(String, f64)> {
    let mut item = with_sentiment(text, 0.0, words);
    item.feedback.language.code = language.into();
    let aspect = |effect| match effect {
        Effect::Score(score) => match score.scope {
            Scope::Topic(topic) => Some((topic, score.value)),
            _ => None,
        },
        _ => None,
    };
    run_with("{}", &item).into_iter().filter_map(aspect).collect()
}

fn assert_aspects(language: &str, text: &str, words: &[(&str, f64)], expected: &[(&str, f64)]) {
    let expected: Vec<_> = expected.iter().map(|&(topic, value)| (topic.into(), value)).collect();
    assert_eq!(aspects(language, text, words), expected, "{text}");
}

#[test]
fn english_clauses_part_what_is_said_of_topics() {
    for text in [
        "The food was delicious but the website is horrible.",
        "The food was delicious, and the website is horrible.",
        "The food was delicious although the website is horrible.",
        "The food was delicious. However the website is horrible.",
    ] {
        let words = [("delicious", 2.0), ("horrible", -2.0)];
        assert_aspects("en", text, &words, &[("food/taste", 0.5), ("website/usability", -0.5)]);
    }
}

#[test]
fn joined_phrases_that_each_have_a_topic_and_feelings_are_parted() {
    for text in [
        "Delicious food, horrible website",
        "Delicious food and horrible website",
        "Delicious food - horrible website",
        "Delicious food, website sadly horrible",
    ] {
        let words = [("elicious", 2.0), ("horrible", -2.0)];
        assert_aspects("en", text, &words, &[("food/taste", 0.5), ("website/usability", -0.5)]);
    }
    let words = [("最高", 2.0), ("最悪", -2.0)];
    assert_aspects("ja", "料理最高、トイレ最悪", &words, &[("food/taste", 0.5), ("store/cleanliness", -0.5)]);
}

#[test]
fn members_of_a_list_share_its_feelings() {
    for text in ["The food and the website, horrible", "horrible, really, food and website", "horrible food, website"] {
        let expected = [("food/taste", -0.5), ("website/usability", -0.5)];
        assert_aspects("en", text, &[("horrible", -2.0)], &expected);
    }
    let words = [("Great", 2.0), ("errible", -2.0), ("orrid", -2.0)];
    let mixed = -0.167;
    let expected = [("food/taste", mixed), ("website/usability", mixed)];
    assert_aspects("en", "Great website, terrible, horrid food", &words, &expected);
    for text in ["Odd, horrible website", "The website is odd and horrible"] {
        let words = [("dd", -1.0), ("horrible", -2.0)];
        assert_aspects("en", text, &words, &[("website/usability", -0.375)]);
    }
}

#[test]
fn japanese_clauses_part_what_is_said_of_topics() {
    for text in [
        "料理は最高だけど、トイレが最悪でした。",
        "料理は最高なのに、トイレが最悪でした。",
        "料理は最高！トイレは最悪。",
    ] {
        let words = [("最高", 2.0), ("最悪", -2.0)];
        assert_aspects("ja", text, &words, &[("food/taste", 0.5), ("store/cleanliness", -0.5)]);
    }
}

#[test]
fn korean_clauses_part_what_is_said_of_topics() {
    for text in [
        "음식은 최고지만 화장실이 최악이에요.",
        "음식은 최고였는데 화장실이 최악이에요.",
        "음식은 최고예요. 화장실은 최악이에요.",
    ] {
        let words = [("최고", 2.0), ("최악", -2.0)];
        assert_aspects("ko", text, &words, &[("food/taste", 0.5), ("store/cleanliness", -0.5)]);
    }
}

#[test]
fn chinese_clauses_part_what_is_said_of_topics() {
    for text in ["味道很棒，但是厕所太差。", "味道很棒可是厕所太差。", "味道很棒不过厕所太差", "味道很棒，而且厕所太差"]
    {
        let words = [("很棒", 2.0), ("太差", -2.0)];
        assert_aspects("zh", text, &words, &[("food/taste", 0.5), ("store/cleanliness", -0.5)]);
    }
}

#[test]
fn a_clause_behind_folded_characters_is_told_in_the_original() {
    let text = "ﾊﾞｽﾙｰﾑとﾄｲﾚは最悪！！料理は最高！";
    let words = [("最悪", -2.0), ("最高", 2.0)];
    assert_aspects("ja", text, &words, &[("food/taste", 0.5), ("store/cleanliness", -0.5)]);
}

#[test]
fn the_evidence_of_one_topic_is_bounded() {
    let text = "The food is bad ".repeat(100);
    let mut item = with_sentiment(&text, -0.5, &[]);
    let evidence = text.match_indices("bad").map(|(start, word)| sayso_plugin::Evidence {
        span: sayso_plugin::Span::of(start..start + word.len()),
        weight: -2.0,
    });
    item.effects = vec![Effect::Score(sayso_plugin::Score::whole("sentiment", -0.5).evidence(evidence.collect()))];
    let effects = run_with("{}", &item);
    let Some(Effect::Score(score)) = effects.iter().find(|effect| matches!(effect, Effect::Score(_))) else {
        panic!("no score: {effects:?}")
    };
    assert_eq!((score.value, score.evidence.len()), (-0.5, 32));
}

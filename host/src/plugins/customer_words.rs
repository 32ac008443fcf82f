//! Which words of a note by an agent are the customer's: their turns where the note is a conversation with its speakers, else
//! what stands between quotation marks.

use std::ops::Range;

/// Names of the side that writes notes, before a colon.
const AGENT: [&str; 16] = [
    "agent",
    "rep",
    "representative",
    "csr",
    "advisor",
    "adviser",
    "operator",
    "support",
    "me",
    "客服",
    "坐席",
    "担当",
    "担当者",
    "オペレーター",
    "상담원",
    "상담사",
];
/// Names of the other side.
const CUSTOMER: [&str; 15] = [
    "customer",
    "caller",
    "visitor",
    "guest",
    "client",
    "cust",
    "cx",
    "user",
    "客户",
    "客戶",
    "顾客",
    "顧客",
    "お客様",
    "고객",
    "고객님",
];
/// Verbs that make a quotation the agent's own, before [`TOLD_TO`].
const TOLD: [&str; 4] = ["told", "advised", "informed", "assured"];
const TOLD_TO: [&str; 9] = ["caller", "customer", "cust", "client", "guest", "visitor", "him", "her", "them"];
/// Where those two words are looked for, in bytes before the quotation.
const LEAD: usize = 40;

/// Byte ranges of the customer's words in a note by an agent, in order.
pub(super) fn of_note(text: &str) -> Vec<Range<usize>> {
    turns(text).unwrap_or_else(|| quoted(text))
}

/// The customer's turns, where both sides are named.
fn turns(text: &str) -> Option<Vec<Range<usize>>> {
    let labels = labels(text);
    let is_of = |customer: bool| labels.iter().any(|(_, is_customer)| *is_customer == customer);
    if !(is_of(true) && is_of(false)) {
        return None;
    }
    let ends = labels.iter().skip(1).map(|(label, _)| label.start).chain([text.len()]);
    let turns = labels.iter().zip(ends).filter(|((_, is_customer), _)| *is_customer);
    Some(turns.map(|((label, _), end)| trimmed(text, label.end..end)).filter(|turn| !turn.is_empty()).collect())
}

/// The names of speakers with their colons, and whether each is the customer's.
fn labels(text: &str) -> Vec<(Range<usize>, bool)> {
    let colons = text.char_indices().filter(|(_, c)| matches!(c, ':' | '\u{FF1A}'));
    let label = |(at, colon): (usize, char)| {
        let before = text[..at].trim_end_matches(' ');
        let (start, _) = before.char_indices().rev().take_while(|(_, c)| c.is_alphabetic()).last()?;
        let is_customer = is_customer(&before[start..])?;
        let lead = before[..start].trim_end_matches([' ', '\t']);
        let begins =
            lead.is_empty() || lead.ends_with(['\n', '.', '!', '?', '。', '！', '？', ']', ')', '"', '”', '」']);
        begins.then(|| (start..at + colon.len_utf8(), is_customer))
    };
    colons.filter_map(label).collect()
}

fn is_customer(word: &str) -> Option<bool> {
    let is_in = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    if is_in(&CUSTOMER) { Some(true) } else { is_in(&AGENT).then_some(false) }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let (start, words) = (range.start, &text[range]);
    let from = start + (words.len() - words.trim_start().len());
    from..from + words.trim().len()
}

/// What stands between quotation marks, without the marks.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match open {
            Some((start, close)) if c == close => {
                if at > start && !is_told(&text[..start - close.len_utf8()]) {
                    ranges.push(start..at);
                }
                open = None;
            }
            Some(_) => {}
            // Inches: a 55" screen.
            None if matches!(c, '"' | '\u{FF02}') && previous.is_numeric() => {}
            None => open = closing_mark(c).map(|close| (at + c.len_utf8(), close)),
        }
        previous = c;
    }
    ranges
}

/// Whether the agent tells what they said themselves: `Told caller: "…"`.
fn is_told(before: &str) -> bool {
    let lead = &before[before.ceil_char_boundary(before.len().saturating_sub(LEAD))..];
    let mut words = lead.split(|c: char| !c.is_alphabetic()).rev().filter(|word| !word.is_empty());
    let mut is_next_in =
        |names: &[&str]| words.next().is_some_and(|word| names.iter().any(|name| name.eq_ignore_ascii_case(word)));
    is_next_in(&TOLD_TO) && is_next_in(&TOLD)
}

const fn closing_mark(open: char) -> Option<char> {
    match open {
        '"' => Some('"'),
        '\u{201C}' => Some('\u{201D}'),
        '\u{201E}' => Some('\u{201C}'),
        '\u{AB}' => Some('\u{BB}'),
        '\u{300C}' => Some('\u{300D}'),
        '\u{300E}' => Some('\u{300F}'),
        '\u{FF02}' => Some('\u{FF02}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        of_note(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn quoted_passages_of_a_note_are_the_customers_words() {
        assert_eq!(words(r#"Caller said "I will leave" and "never again"."#), ["I will leave", "never again"]);
        assert_eq!(words("お客様は「もう解約します」とのこと"), ["もう解約します"]);
        assert_eq!(words("She said \u{201C}it’s broken\u{201D}"), ["it’s broken"]);
        assert_eq!(words(r#"Customer told me "it is awful"."#), ["it is awful"]);
    }

    #[test]
    fn a_quotation_that_never_ends_is_none() {
        assert!(words(r#"12" pipe is broken"#).is_empty());
        assert!(words(r#""""#).is_empty());
    }

    #[test]
    fn inches_open_no_quotation() {
        assert!(words(r#"Cust furious and disgusted. TV 55" arrived on time. Offered 65" model."#).is_empty());
        assert_eq!(words(r#"TV 55" came late, "never again" she said"#), ["never again"]);
        assert_eq!(words(r#"お客様"最悪""#), ["最悪"]);
        assert_eq!(words(r#"Said "I paid for 55" and left"#), ["I paid for 55"]);
    }

    #[test]
    fn what_the_agent_told_the_customer_is_the_agents() {
        let note = r#"Told caller: "Great news, we love to help!" Caller furious, said "worst company ever"."#;
        assert_eq!(words(note), ["worst company ever"]);
        assert!(words(r#"Advised customer "all is well""#).is_empty());
    }

    #[test]
    fn of_a_conversation_the_turns_of_the_customer_count() {
        let line = "Agent: Thanks for contacting us, happy to help! Customer: my order never arrived. Agent: Great, thank you!";
        assert_eq!(words(line), ["my order never arrived."]);
        let lines = "[Chat transcript]\nAgent: How may I help?\nVisitor : my parcel is lost\nand \"gone\"\nAgent: Sorry.\nVisitor: Bad.";
        assert_eq!(words(lines), ["my parcel is lost\nand \"gone\"", "Bad."]);
        assert_eq!(words("客服：您好！\n客户：东西坏了"), ["东西坏了"]);
    }

    #[test]
    fn a_name_that_is_no_speaker_makes_no_conversation() {
        for note in
            ["Customer: wants a refund.", "Spoke to the customer: angry. Told the agent: call back.", "Order: late"]
        {
            assert!(words(note).is_empty(), "{note}");
        }
    }
}

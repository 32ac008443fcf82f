//! What the columns of well-known exports are likely to hold.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    fields::{as_known, is_field},
    mapping::Mapping,
};
use crate::feedback::Kind;

/// Headings as forms, shops and help desks write them, in lower case without spaces and signs, and the fields they fill.
const HEADINGS: [(&str, &[&str]); 14] = [
    (
        "text",
        &[
            "reviewtext",
            "reviewcontent",
            "reviewbody",
            "reviewcomment",
            "satisfactioncomment",
            "review",
            "comment",
            "comments",
            "kommentar",
            "commentaire",
            "comentario",
            "anmerkungen",
            "anmerkung",
            "コメント",
            "의견",
            "feedback",
            "description",
            "body",
            "message",
            "content",
            "verbatim",
            "response",
            "note",
            "notes",
        ],
    ),
    ("title", &["reviewtitle", "subject", "headline", "summary", "betreff", "titel"]),
    (
        "rating",
        &[
            "stars",
            "starrating",
            "reviewstars",
            "reviewrating",
            "reviewscore",
            "score",
            "sterne",
            "bewertung",
            "overallrating",
        ],
    ),
    (
        "collected_at",
        &[
            "timestamp",
            "タイムスタンプ",
            "타임스탬프",
            "时间戳记",
            "zeitstempel",
            "horodateur",
            "date",
            "datum",
            "time",
            "createdat",
            "created",
            "submittedat",
            "submitdate",
            "submissiondate",
            "datesubmitted",
            "startdate",
            "enddate",
            "recordeddate",
            "reviewdate",
            "reviewcreatedutc",
            "reviewsubmitdateandtime",
            "completedat",
            "datecreated",
        ],
    ),
    (
        "external_id",
        &[
            "id",
            "reviewid",
            "responseid",
            "respondentid",
            "surveyresponseid",
            "ticketid",
            "submissionid",
            "token",
            "conversationid",
            "recordid",
        ],
    ),
    (
        "customer.email",
        &[
            "email",
            "emailaddress",
            "mail",
            "requesteremail",
            "respondentemail",
            "customeremail",
            "メールアドレス",
            "이메일주소",
        ],
    ),
    ("customer.id", &["customerid", "userid", "accountid", "customer", "requesterid", "contactid"]),
    ("author_name", &["author", "authorname", "reviewer", "nickname", "username", "name", "reviewername"]),
    (
        "language",
        &["reviewerlanguage", "lang", "locale", "reviewlanguage", "responselanguage", "userlanguage", "sprache"],
    ),
    ("product", &["productid", "sku", "asin", "productname", "packagename", "appid"]),
    ("product.version", &["appversion", "appversionname", "version", "productversion"]),
    ("order_ref", &["orderid", "ordernumber", "referenceid", "order", "orderno"]),
    ("public_reply.text", &["companyreply", "reply", "developerreplytext", "ownerresponse", "replytext"]),
    ("territory", &["country", "countrycode", "region", "storefront"]),
];

/// How questions ask whether somebody would recommend.
const RECOMMEND: [&str; 10] =
    ["recommend", "recomend", "recommand", "weiterempfehl", "勧め", "薦め", "すすめ", "추천", "推荐", "推薦"];

/// Longest name of a value in `metadata` that is suggested, in bytes.
const MAX_NAME: usize = 40;

/// The field that a column with this heading is likely to fill.
pub(in crate::feedback) fn likely(column: &str) -> Option<&'static str> {
    let plain: String = column.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    HEADINGS.iter().find(|(_, headings)| headings.contains(&&*plain)).map(|(field, _)| *field)
}

/// The name of a column by its heading; by its place, counted from 1, where it has none.
pub(super) fn name_of(index: usize, heading: &str) -> Cow<'_, str> {
    match heading.trim() {
        "" => format!("column_{}", index + 1).into(),
        heading => heading.into(),
    }
}

/// The names of columns by their headings. Of several with one heading, the second has ` (2)` behind it, and so on.
pub(super) fn names_of<'a>(headings: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (mut names, mut known, mut numbers) = (Vec::new(), HashSet::new(), HashMap::new());
    for (index, heading) in headings.enumerate() {
        let name = name_of(index, heading);
        let number = numbers.entry(name.to_ascii_lowercase()).or_insert(0_usize);
        let free = std::iter::repeat_with(|| {
            *number += 1;
            if *number == 1 { name.to_string() } else { format!("{name} ({number})") }
        })
        .find(|name| known.insert(name.to_ascii_lowercase()));
        names.extend(free);
    }
    names
}

/// The answer that a column holds whose heading is a question, or the number of one as in `Q1`; `number` tells it from
/// others.
fn answer(column: &str, number: usize) -> Option<String> {
    let is_number = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    if column.strip_prefix('Q').is_some_and(is_number) {
        return Some(format!("answers.{}.text", column.to_ascii_lowercase()));
    }
    let is_likelihood = || RECOMMEND.iter().any(|word| column.to_lowercase().contains(word));
    if column.eq_ignore_ascii_case("nps") || column.eq_ignore_ascii_case("nps score") {
        return Some("answers.recommend.nps".into());
    }
    column
        .contains(['?', '？'])
        .then(|| if is_likelihood() { "answers.recommend.nps".into() } else { format!("answers.q{number}.text") })
}

/// Whether a column tells where somebody can be found, which is better left out.
fn is_address(column: &str) -> bool {
    let plain: String = column.chars().filter(char::is_ascii_alphanumeric).collect();
    ["ipaddress", "ip", "locationlatitude", "locationlongitude"].contains(&&*plain.to_ascii_lowercase())
}

/// The kind that rows with such columns are likely of, and a pair of `map` for each column that is no field, by itself or by
/// the mapping: what it is likely to hold, else a place in the metadata. No field is filled twice, and none of another kind.
pub fn suggested<'a>(columns: impl Iterator<Item = &'a str>, mapping: &Mapping) -> (Kind, Vec<String>) {
    let bound = |column: &str| mapping.field_of(column).map_or_else(|| as_known(column), str::to_owned);
    let names = names_of(columns);
    let (known, others): (Vec<&String>, Vec<&String>) = names.iter().partition(|column| is_field(&bound(column)));
    let mut filled: Vec<String> = known.iter().map(|column| bound(column)).collect();
    let kind_by_fields = || filled.iter().find_map(|field| kind_of(field));
    let has_product = |filled: &[String]| {
        filled.iter().any(|field| field.starts_with("product"))
            || others.iter().any(|column| likely(column) == Some("product"))
    };
    let has_answers = || others.iter().any(|column| likely(column).is_none() && answer(column, 1).is_some());
    let kind = mapping.kind.or_else(kind_by_fields).unwrap_or(if has_answers() { Kind::Survey } else { Kind::Review });
    let mut pairs = Vec::new();
    for (column, number) in others.iter().zip(1..) {
        if is_address(column) {
            pairs.push(format!("{column}:-"));
            continue;
        }
        let is_score = names.iter().any(|other| *other == format!("{column}_NPS_GROUP"));
        let score = is_score.then(|| format!("answers.{}.nps", column.to_ascii_lowercase()));
        let likely = score.or_else(|| likely(column).map(str::to_owned)).or_else(|| answer(column, number));
        let likely = match likely.as_deref() {
            Some("rating") if kind == Kind::Survey => Some("answers.score.number".into()),
            // A version alone tells nothing.
            Some("product.version") if !has_product(&filled) => None,
            _ => likely,
        };
        let likely = likely.filter(|field| !filled.contains(field) && kind_of(field).is_none_or(|owner| owner == kind));
        let field = likely.unwrap_or_else(|| in_metadata(column, &filled));
        pairs.push(format!("{column}:{field}"));
        filled.push(field);
    }
    (kind, pairs)
}

/// The kind that a field belongs to, where it is not common to all.
fn kind_of(field: &str) -> Option<Kind> {
    match field.split('.').next().unwrap_or(field) {
        "survey_id" | "response_status" | "answers" => Some(Kind::Survey),
        "rating" | "location_id" | "author_name" | "product" | "verified" | "order_ref" | "territory" | "helpful"
        | "public_reply" => Some(Kind::Review),
        "case_id" | "agent" | "channel" | "direction" | "visibility" | "disposition" | "handle_time_s"
        | "contact_reason" | "csat" | "author_role" => Some(Kind::CsrNote),
        _ => None,
    }
}

/// A place in the metadata that nothing fills yet.
fn in_metadata(column: &str, filled: &[String]) -> String {
    let name: String = column.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let name = name.trim_matches('_');
    let name = &name[..name.floor_char_boundary(MAX_NAME)];
    let first = format!("metadata.{}", if name.is_empty() { "column" } else { name });
    let others = (2..).map(|number| format!("{first}_{number}"));
    std::iter::once(first.clone()).chain(others).find(|field| !filled.contains(field)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_exports_are_understood() {
        let trustpilot =
            ["Review Id", "Review Created (UTC)", "Review Stars", "Review Title", "Review Content", "Tags"];
        let expected = [
            "Review Id:external_id",
            "Review Created (UTC):collected_at",
            "Review Stars:rating",
            "Review Title:title",
            "Review Content:text",
            "Tags:metadata.tags",
        ];
        assert_eq!(suggested(trustpilot.into_iter(), &Mapping::default()).1, expected);
    }

    #[test]
    fn questions_are_answers_of_a_survey() {
        let columns =
            ["Timestamp", "Would you recommend us? (0-10)", "What could we do better?", "Do you recommend it?"];
        let expected = [
            "Timestamp:collected_at",
            "Would you recommend us? (0-10):answers.recommend.nps",
            "What could we do better?:answers.q3.text",
            "Do you recommend it?:metadata.do_you_recommend_it",
        ];
        assert_eq!(suggested(columns.into_iter(), &Mapping::default()).1, expected);
    }

    #[test]
    fn questions_in_other_languages_are_questions() {
        let forms = ["タイムスタンプ", "改善点を教えてください？", "友人に勧める可能性は？"];
        let (kind, pairs) = suggested(forms.into_iter(), &Mapping::default());
        let expected = [
            "タイムスタンプ:collected_at",
            "改善点を教えてください？:answers.q2.text",
            "友人に勧める可能性は？:answers.recommend.nps",
        ];
        assert_eq!((kind, &*pairs), (Kind::Survey, &expected.map(str::to_owned)[..]));
    }

    #[test]
    fn numbers_of_questions_are_answers_too_and_addresses_are_left_out() {
        let qualtrics = ["StartDate", "IPAddress", "ResponseId", "Q1", "Q1_NPS_GROUP", "Q12"];
        let expected = [
            "StartDate:collected_at",
            "IPAddress:-",
            "ResponseId:external_id",
            "Q1:answers.q1.nps",
            "Q1_NPS_GROUP:metadata.q1_nps_group",
            "Q12:answers.q12.text",
        ];
        assert_eq!(suggested(qualtrics.into_iter(), &Mapping::default()).1, expected);
    }

    #[test]
    fn no_field_is_filled_twice_and_fields_by_themselves_need_no_pair() {
        let columns = ["text", "Comment", "Comment!", " ", "ID", "Response ID", "\u{fffd}"];
        let expected = [
            "Comment:metadata.comment",
            "Comment!:metadata.comment_2",
            "column_4:metadata.column_4",
            "ID:external_id",
            "Response ID:metadata.response_id",
            "\u{fffd}:metadata.column",
        ];
        assert_eq!(suggested(columns.into_iter(), &Mapping::default()).1, expected);
        let mapping = Mapping::parse(["Comment:title,Comment!:-"], None, None).expect("is a mapping");
        assert_eq!(suggested(columns.into_iter(), &mapping).1, expected[2..]);
    }

    #[test]
    fn no_field_of_another_kind_is_suggested() {
        let columns = ["Timestamp", "Name", "Would you recommend us?", "Country"];
        let expected = [
            "Timestamp:collected_at",
            "Name:metadata.name",
            "Would you recommend us?:answers.recommend.nps",
            "Country:metadata.country",
        ];
        let expected = expected.map(str::to_owned).to_vec();
        assert_eq!(suggested(columns.into_iter(), &Mapping::default()), (Kind::Survey, expected));
        let (kind, pairs) = suggested(["channel", "Comments", "Order Number"].into_iter(), &Mapping::default());
        assert_eq!(
            (kind, pairs.as_slice()),
            (Kind::CsrNote, &["Comments:text".to_owned(), "Order Number:metadata.order_number".into()][..])
        );
    }

    #[test]
    fn what_is_suggested_can_be_taken() {
        let store = ["Date", "App Name", "Version", "Score"];
        let pairs = suggested(store.into_iter(), &Mapping::default()).1;
        assert_eq!(pairs[2..], ["Version:metadata.version", "Score:rating"], "a version of nothing is refused");
        let play = ["App Version Name", "Package Name"];
        let pairs = suggested(play.into_iter(), &Mapping::default()).1;
        assert_eq!(pairs, ["App Version Name:product.version", "Package Name:product"]);
        let survey = ["Score", "NPS", "Why?"];
        let (kind, pairs) = suggested(survey.into_iter(), &Mapping::default());
        let expected = ["Score:answers.score.number", "NPS:answers.recommend.nps", "Why?:answers.q3.text"];
        assert_eq!((kind, &*pairs), (Kind::Survey, &expected.map(str::to_owned)[..]));
    }

    #[test]
    fn every_suggestion_is_a_field() {
        assert!(HEADINGS.iter().all(|(field, _)| is_field(field)));
    }
}

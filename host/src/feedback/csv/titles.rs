//! Rows below the header that tell more of the columns. Qualtrics writes two, the question in full and an import id as JSON;
//! SurveyMonkey one, what kind of answer a column has, or which choice.

use super::headings::name_of;

/// How the cells of the second of Qualtrics begin.
const IMPORT_ID: &str = "{\"ImportId\":";
/// What SurveyMonkey says of columns with a text, and with a choice.
const ANSWERS: [&str; 2] = ["Open-Ended Response", "Response"];
/// So many cells that repeat their heading are no chance.
const REPEATED: usize = 2;

/// What a row is that tells more of the columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Titles {
    /// Its cells are headings, too, and better ones.
    Headings,
    /// They are for programs.
    Others,
    /// They say what kind of answers a column has, or which of several. There is one such row.
    Answers,
}

/// Whether these cells are such a row, beside the headings of their columns. `fields` are the columns that fill a field of
/// feedback and are no answers.
pub(super) fn told<'a>(
    columns: &[String],
    fields: &[usize],
    cells: impl Iterator<Item = &'a str> + Clone,
) -> Option<Titles> {
    let mut filled = cells.clone().map(str::trim).filter(|cell| !cell.is_empty()).peekable();
    filled.peek()?;
    if filled.all(|cell| cell.replace(' ', "").starts_with(IMPORT_ID)) {
        return Some(Titles::Others);
    }
    // SurveyMonkey has the id of the respondent first.
    let is_unnamed = cells.clone().next().is_some_and(|first| first.trim().is_empty());
    let is_choice = |(at, (cell, column)): (usize, (&str, &String))| {
        !cell.trim().is_empty() && at > 0 && *column == name_of(at, "")
    };
    let is_answer_alone =
        |(at, cell): (usize, &str)| !fields.contains(&at) || cell.trim().is_empty() || ANSWERS.contains(&cell.trim());
    if is_unnamed
        && cells.clone().enumerate().all(is_answer_alone)
        && columns.first().is_some_and(|first| first.to_lowercase().contains("id"))
        && (cells.clone().any(|cell| ANSWERS.contains(&cell.trim()))
            || cells.clone().zip(columns).enumerate().any(is_choice))
    {
        return Some(Titles::Answers);
    }
    if !cells.clone().zip(columns).next().is_some_and(repeats) {
        return None;
    }
    let repeated: Vec<_> = cells.zip(columns).filter(|pair| repeats(*pair)).collect();
    // A choice of several may be a column of its own, whose cells repeat its heading to the letter.
    let is_spelt_anew = repeated.iter().any(|(cell, column)| cell.trim() != **column);
    (repeated.len() >= REPEATED && is_spelt_anew).then_some(Titles::Headings)
}

/// Whether a cell is its heading. Of signs alone nothing is left to be compared.
fn repeats((cell, column): (&str, &String)) -> bool {
    let cell = plain(cell);
    !cell.is_empty() && cell == plain(column)
}

/// Letters and digits alone, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: &[&str], cells: &[&str]) -> Option<Titles> {
        let columns: Vec<_> = columns.iter().map(|&column| column.to_owned()).collect();
        told(&columns, &[], cells.iter().copied())
    }

    #[test]
    fn a_row_that_fills_fields_is_feedback() {
        let columns = ["external_id", "text", "rating", "column_4"].map(str::to_owned);
        let told = |fields: &[usize], cells: [&'static str; 4]| told(&columns, fields, cells.into_iter());
        assert_eq!(told(&[0, 1, 2], ["", "great product", "5", "seen by Joe"]), None);
        assert_eq!(told(&[0, 2], ["", "Open-Ended Response", "Response", "Other"]), Some(Titles::Answers));
    }

    #[test]
    fn the_rows_of_survey_tools_are_known() {
        let qualtrics = ["StartDate", "ResponseId", "Q1"];
        let questions = ["Start Date", "Response ID", "How likely is it that you would recommend us?"];
        assert_eq!(of(&qualtrics, &questions), Some(Titles::Headings));
        let ids = [
            r#"{"ImportId":"startDate","timeZone":"America/Denver"}"#,
            r#"{"ImportId": "_recordId"}"#,
            r#"{"ImportId":"QID1"}"#,
        ];
        assert_eq!(of(&qualtrics, &ids), Some(Titles::Others));
        let monkey = ["Respondent ID", "How satisfied are you?", "Why?"];
        assert_eq!(of(&monkey, &["", "Response", "Open-Ended Response"]), Some(Titles::Answers));
        let choices = ["Respondent ID", "Which do you use?", "column_3", "column_4"];
        assert_eq!(of(&choices, &["", "App", "Web", "Other (please specify)"]), Some(Titles::Answers));
    }

    #[test]
    fn rows_of_feedback_are_none() {
        let columns = ["text", "rating", "title"];
        assert_eq!(of(&columns, &["Rating", "4", "title"]), None, "one cell may be so by chance");
        assert_eq!(of(&columns, &["Response", "4", "x"]), None);
        assert_eq!(of(&columns, &["", "", ""]), None);
        let choices = ["Price", "Quality", "Anything else?"];
        assert_eq!(of(&choices, &["Price", "Quality", "no"]), None, "what was chosen");
        assert_eq!(of(&["text", "column_2"], &["", ""]), None);
        assert_eq!(of(&["column_1", "text"], &["", "good"]), None, "numbers of rows have no heading");
        assert_eq!(of(&["text", "👍", "👎"], &["good", "✓", "–"]), None, "signs are no headings");
        assert_eq!(of(&columns, &[]), None);
        assert_eq!(of(&["id", "text"], &["", "No Response at all"]), None);
    }
}

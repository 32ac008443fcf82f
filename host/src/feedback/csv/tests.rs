use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::feedback::validate::FieldError;

/// A line, and the row there as JSON, or what is wrong with it.
type Numbered = (u64, Result<String, String>);

/// Every row as JSON with its line, as the bytes arrive in steps.
fn read(input: &str, mapping: &Mapping, step: usize) -> Result<Vec<Numbered>, Vec<FieldError>> {
    let mut rows = Rows::new(200);
    let (mut table, mut found) = (None, Vec::new());
    let mut take = |row: Result<Row<'_>, RowError>| -> Result<(), Vec<FieldError>> {
        match (&mut table, row) {
            (None, row) => table = Some(Table::bind(&row.expect("the header is short"), mapping)?),
            (Some(_), Err(error)) => found.push((error.line(), Err(error.to_string()))),
            (Some(table), Ok(row)) => {
                if table.passes_over(&row) {
                    return Ok(());
                }
                let mut json = Vec::new();
                let written = table.write(&row, &mut json).map(|()| String::from_utf8(json).expect("JSON is UTF-8"));
                found.push((row.line, written.map_err(|error| error.message)));
            }
        }
        Ok(())
    };
    for mut part in input.as_bytes().chunks(step) {
        while let Some(row) = rows.next(&mut part) {
            take(row)?;
        }
    }
    while let Some(row) = rows.finish() {
        take(row)?;
    }
    Ok(found)
}

fn mapping(map: &str, kind: Option<&str>) -> Mapping {
    Mapping::parse([map], kind, None).expect("is a mapping")
}

fn objects(input: &str, mapping: &Mapping) -> Vec<String> {
    let rows = read(input, mapping, 7).expect("the header is bound");
    rows.into_iter().map(|(_, row)| row.expect("the row is written")).collect()
}

#[test]
fn dotted_columns_become_nested_objects_and_empty_cells_are_left_out() {
    let table = "kind,text,Rating.Value,rating.max,customer.id,customer.value.clv,metadata.Shop No,verified\r\n\
                 review,\"Good, \"\"really\"\"\nfine\",4,5,c1,12.5,7,Yes\r\n\
                 review,plain,,,,,,\r\n";
    assert_eq!(
        objects(table, &Mapping::default()),
        [
            r#"{"kind":"review","text":"Good, \"really\"\nfine","rating":{"value":4,"max":5},"customer":{"id":"c1","value":{"clv":12.5}},"metadata":{"Shop No":"7"},"verified":true}"#,
            r#"{"kind":"review","text":"plain"}"#,
        ]
    );
}

#[test]
fn columns_are_renamed_or_left_out_and_the_kind_may_come_from_the_request() {
    let table = "Stars,Review Text,Internal\n5,good,x\n";
    let mapping = mapping("Stars:rating, review text:text,Internal:-", Some("review"));
    assert_eq!(objects(table, &mapping), [r#"{"kind":"review","rating":{"value":5},"text":"good"}"#]);
}

#[test]
fn columns_of_answers_name_the_field_and_its_type() {
    let table = "answers.recommend.nps,Why\n9,because\n";
    let mapping = mapping("Why:answers.q2.text", Some("survey"));
    assert_eq!(
        objects(table, &mapping),
        [
            r#"{"kind":"survey","answers":[{"field_id":"recommend","field_label":"answers.recommend.nps","field_type":"nps","value":9},{"field_id":"q2","field_label":"Why","field_type":"text","value":"because"}]}"#,
        ]
    );
}

#[test]
fn a_number_that_is_none_is_left_for_validation_to_name() {
    assert_eq!(
        objects("kind,rating\nreview,five\n", &Mapping::default()),
        [r#"{"kind":"review","rating":{"value":"five"}}"#]
    );
}

#[test]
fn every_column_that_cannot_be_used_is_named() {
    let errors = read("txt,text,text,Odd\nx,y,z,w\n", &mapping("Missing:title", None), 100).expect_err("is refused");
    let fields: Vec<_> = errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, ["map", "txt", "text (2)", "Odd", "kind"]);
    assert!(errors[0].message.contains("`Missing`") && errors[0].message.contains("`txt`, `text`, `text (2)`, `Odd`"));
    assert!(errors[1].message.contains("Did you mean `text`"), "{}", errors[1].message);
    assert!(errors[4].message.contains("?kind=review"));
}

#[test]
fn rows_know_their_line_over_quoted_line_ends_and_blank_lines() {
    let table = "kind,text\r\n\r\nreview,\"a\r\nb\"\r\nreview,c\r\n\n\nreview,d";
    let lines: Vec<u64> =
        read(table, &Mapping::default(), 3).expect("is bound").into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [3, 5, 8]);
}

#[test]
fn a_lone_carriage_return_ends_a_line_as_well() {
    let rows = |table: &str, step| -> Vec<u64> {
        let rows = read(table, &Mapping::default(), step).expect("is bound");
        rows.into_iter().map(|(line, _)| line).collect()
    };
    for step in [1, 2, 100] {
        assert_eq!(rows("kind,text\rreview,a\r\rreview,\"b\rb\"\rreview,c\r", step), [2, 4, 6]);
        assert_eq!(rows("kind,text\r\nreview,\"b\r\nb\"\r\nreview,c\r\n", step), [2, 4]);
    }
}

#[test]
fn a_quotation_mark_that_is_not_closed_is_named_by_its_line_and_the_rows_before_are_read() {
    for step in [1, 7, 1000] {
        let table = "kind,text,title\nreview,fine,\nreview,\"a\nb\",\"Great\nreview,Awful\nreview,Bad\n";
        let rows = read(table, &Mapping::default(), step).expect("is bound");
        assert_eq!((rows.len(), rows[0].1.is_ok(), rows[1].0), (2, true, 3), "{rows:?}");
        let message = rows[1].1.as_ref().expect_err("is refused");
        assert!(message.contains("line 4") && message.contains("close it"), "{message}");
    }
    for whole in
        ["kind,text\nreview,\"a\"", "kind,text\nreview,a", "kind,text\nreview,a\"", "kind,text\nreview,\"\"\"\""]
    {
        let rows = read(whole, &Mapping::default(), 3).expect("is bound");
        assert!(rows.len() == 1 && rows[0].1.is_ok(), "{rows:?}");
    }
    let alone = read("kind,text\n\"", &Mapping::default(), 3).expect("is bound");
    assert!(alone[0].1.as_ref().is_err_and(|message| message.contains("line 2")), "{alone:?}");
}

#[test]
fn a_row_that_is_too_long_is_refused_and_the_next_one_is_read() {
    let table = format!("kind,text\nreview,{}\nreview,ok\n", "x".repeat(5_000));
    let rows = read(&table, &Mapping::default(), 11).expect("is bound");
    assert!(rows[0].1.as_ref().is_err_and(|message| message.contains("200 bytes")), "{rows:?}");
    assert_eq!((rows[1].0, rows[1].1.is_ok()), (3, true));
}

#[test]
fn a_row_with_too_many_cells_is_refused() {
    let rows = read(&format!("kind,text\nreview,a,b\nreview{}\nreview,c\n", ",x".repeat(150)), &Mapping::default(), 64)
        .expect("is bound");
    assert!(rows[0].1.as_ref().is_err_and(|message| message.contains("3 cells") && message.contains("2 columns")));
    assert!(rows[1].1.is_err());
    assert!(rows[2].1.is_ok());
}

#[test]
fn a_row_with_thousands_of_cells_is_refused_without_holding_them() {
    let mut rows = Rows::new(1 << 20);
    let table = format!("a\n{}\nb\n", ",".repeat(5_000));
    let mut input = table.as_bytes();
    assert!(rows.next(&mut input).expect("a row").is_ok());
    assert_eq!(rows.next(&mut input).expect("a row").err(), Some(RowError::TooManyColumns { line: 2 }));
    assert_eq!(rows.next(&mut input).expect("a row").expect("is whole").get(0), Some(&b"b"[..]));
}

#[test]
fn a_comma_within_the_name_of_a_column_parts_no_pairs() {
    let table = "\"How likely, on a scale\",\"Note: good, bad\",Shop\n9,fine,x\n";
    let one_by_one = Mapping::parse(
        ["How likely, on a scale:answers.q1.nps", "Note: good, bad:text", "Shop:-"],
        Some("survey"),
        None,
    );
    let together = mapping("Shop:-,How likely, on a scale:answers.q1.nps,Note: good, bad:text,", Some("survey"));
    for mapping in [one_by_one.expect("is a mapping"), together] {
        let object = &objects(table, &mapping)[0];
        assert!(object.contains(r#""text":"fine""#) && object.contains(r#""field_id":"q1""#), "{object}");
        assert!(!object.contains("Shop"), "{object}");
    }
    let errors = read("a,c\nx,y\n", &mapping("a:typo,c:text", Some("review")), 100).expect_err("is refused");
    assert!(errors[0].message.contains("`a:typo,c`") && errors[0].message.contains("known field"), "{errors:?}");
}

#[test]
fn a_mapping_without_colon_or_with_an_unknown_kind_is_refused() {
    for map in ["text", "Stars:rating.value,text"] {
        assert_eq!(Mapping::parse([map], None, None).expect_err("is refused").field, "map");
    }
    assert!(Mapping::parse([], Some("reviews"), None).expect_err("is refused").message.contains("`review`"));
}

#[test]
fn a_quotation_mark_within_a_heading_is_a_sign_like_any_other() {
    let table = "text,Owns a 24\" screen\na,x\nb,y\nMy 32\" is better,z\n";
    for step in [1, 7, 1000] {
        let rows = read(table, &mapping("Owns a 24\" screen:-", Some("review")), step).expect("is bound");
        assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4], "{rows:?}");
        assert!(rows[2].1.as_ref().is_ok_and(|row| row.contains(r#"My 32\" is better"#)), "{rows:?}");
        // Behind a semicolon it would open in another table, and close in the last row.
        let table = "text,a;\"b\nx,1\n\ny,2\nz\",3";
        let rows = read(table, &mapping("a;\"b:-", Some("review")), step).expect("is bound");
        assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5], "{rows:?}");
    }
}

#[test]
fn rows_that_a_stray_quotation_mark_makes_one_are_not_taken_for_a_row() {
    for table in [
        "kind,text\nreview,fine\nreview,\"unclosed\nreview,\"x\"\nreview,fine\n",
        "kind\ttext\nreview\tfine\nreview\t\"Best ever\nreview\tLove \"it\"\nreview\tfine\n",
    ] {
        for step in [1, 7, 1000] {
            let rows = read(table, &Mapping::default(), step).expect("is bound");
            assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 5], "{rows:?}");
            let message = rows[1].1.as_ref().expect_err("is refused");
            assert!(message.contains("line 3") && message.contains("line 4"), "{message}");
            assert!(rows[0].1.is_ok() && rows[2].1.is_ok(), "{rows:?}");
        }
    }
    let within = objects("kind,text\nreview,\"Great\" he said\n", &Mapping::default());
    assert!(within[0].contains("Great he said"), "on one line it can be nothing else: {within:?}");
}

#[test]
fn rows_and_cells_without_content_are_passed_over() {
    let rows = read("kind,text\n,\nreview,a,, \n , ,\nreview,b\n", &Mapping::default(), 5).expect("is bound");
    assert!(rows.iter().all(|(_, row)| row.is_ok()), "{rows:?}");
    assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5]);
}

#[test]
fn columns_of_one_heading_are_told_apart_by_a_number() {
    let table =
        "How was delivery?,Please explain,How was the shop?,please explain,Please explain (2)\ngood,fast,bad,rude,x\n";
    let maps = "How was delivery?:answers.a.text,Please explain:answers.b.text,How was the shop?:answers.c.text,\
                please explain (2):answers.d.text,Please explain (2) (2):-";
    let rows = objects(table, &mapping(maps, Some("survey")));
    let row: serde_json::Value = serde_json::from_str(&rows[0]).expect("is JSON");
    let told: Vec<_> = row["answers"].as_array().expect("a list").iter().map(|answer| &answer["value"]).collect();
    assert_eq!(told, ["good", "fast", "bad", "rude"]);
    let (_, pairs) = suggested("a?,a?,a?".split(','), &Mapping::default());
    assert_eq!(pairs, ["a?:answers.q1.text", "a? (2):answers.q2.text", "a? (3):answers.q3.text"]);
}

#[test]
fn what_utf_8_has_in_place_of_a_sign_is_a_sign() {
    let mapping = Mapping::default().with_charset(Some("utf-8")).expect("is known");
    assert!(objects("kind,text\nreview,a\u{fffd}b\n", &mapping)[0].contains('\u{fffd}'));
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_how_the_bytes_arrive(body in "[a,\"\r\n]{0,80}", step in 1usize..9) {
        let table = format!("kind,text,title\n{body}");
        let mapping = mapping("", Some("review"));
        prop_assert_eq!(read(&table, &mapping, step), read(&table, &mapping, 1000));
    }

    #[test]
    fn cells_come_out_as_they_were_quoted(cells in prop::collection::vec("[^\r\0]{1,20}", 1..8)) {
        prop_assume!(cells.iter().all(|cell| !cell.trim().is_empty()));
        let quoted = |cell: &String| format!("review,\"{}\"\n", cell.replace('"', "\"\""));
        let table: String = ["kind,text\n".to_owned()].into_iter().chain(cells.iter().map(quoted)).collect();
        let rows = objects(&table, &Mapping::default());
        prop_assert_eq!(rows.len(), cells.len());
        for (row, cell) in rows.iter().zip(&cells) {
            let value: serde_json::Value = serde_json::from_str(row).expect("is JSON");
            prop_assert_eq!(value["text"].as_str(), Some(&**cell));
        }
    }
}

#[test]
fn columns_are_parted_by_what_the_header_has_most_of() {
    let expected = [r#"{"kind":"review","text":"schnell, aber teuer","rating":{"value":4}}"#];
    for table in [
        "kind,text,rating\nreview,\"schnell, aber teuer\",4\n",
        "kind;text;rating\r\nreview;schnell, aber teuer;4\r\n",
        "kind\ttext\trating\nreview\tschnell, aber teuer\t4",
        "\n\nkind;\"text\";rating\rreview;\"schnell, aber teuer\";4",
    ] {
        assert_eq!(objects(table, &Mapping::default()), expected, "{table}");
    }
    for step in [1, 7, 1000] {
        let table = "sep=;\r\ntext;rating\r\nschnell, aber teuer;4\r\n";
        let rows = read(table, &mapping("", Some("review")), step).expect("is bound");
        assert_eq!(rows[0], (3, Ok(expected[0].to_owned())));
    }
    // A comma with a space behind it parts words.
    let prose = "Was it, all in all, good; or not|text\nyes|a\n";
    let pipes =
        mapping("Was it, all in all, good; or not:-", Some("review")).with_delimiter(Some("pipe")).expect("is known");
    let mut rows = Rows::new(200).of(&pipes);
    let header = rows.next(&mut prose.as_bytes()).expect("is there").expect("is whole");
    assert_eq!(header.get(1), Some(&b"text"[..]));
    assert_eq!(Mapping::default().with_delimiter(Some("x")).expect_err("is unknown").field, "delimiter");
    let quoted = mapping("a;b;c;d:text", Some("review"));
    assert_eq!(objects("\"a;b;c;d\",rating\nx,1\n", &quoted), [r#"{"kind":"review","text":"x","rating":{"value":1}}"#]);
}

#[test]
fn a_header_longer_than_a_row_may_be_is_named() {
    let mut rows = Rows::new(50);
    let input = format!("{}\n1\n", "aa,".repeat(40));
    let mut found = Vec::new();
    for mut part in input.as_bytes().chunks(7) {
        while let Some(row) = rows.next(&mut part) {
            found.push(row.map(|row| row.line).map_err(|error| error.to_string()));
        }
    }
    assert!(found[0].as_ref().is_err_and(|error| error.contains("more than 50 bytes")), "{found:?}");
    assert_eq!(found[1..], [Ok(2)]);
}

#[test]
fn times_are_read_as_tables_write_them() {
    let table = "kind;text;collected_at\nreview;a;01.05.2026 10:00\nreview;b;soon\nreview;c;05/01/2026\n";
    let found: Vec<_> =
        read(table, &Mapping::default(), 9).expect("is bound").into_iter().map(|(_, row)| row).collect();
    assert!(found[0].as_ref().is_ok_and(|row| row.contains(r#""collected_at":"2026-05-01T10:00:00Z""#)), "{found:?}");
    assert!(
        found[1].as_ref().is_err_and(|error| error.contains("`soon`") && error.contains("01.05.2026")),
        "{found:?}"
    );
    assert!(found[2].as_ref().is_err_and(|error| error.contains("?dates=mdy")), "{found:?}");
    let mapping = Mapping::parse([], None, Some("mdy")).expect("is a mapping");
    let told = objects("kind,text,collected_at\nreview,c,05/01/2026\n", &mapping);
    assert!(told[0].contains("2026-05-01T00:00:00Z"), "{told:?}");
    let wrong = read("kind,text,collected_at\nreview,c,28/11/2026\n", &mapping, 9).expect("is bound");
    assert!(wrong[0].1.as_ref().is_err_and(|error| error.contains("the month first")), "{wrong:?}");
    assert_eq!(Mapping::parse([], None, Some("ymd")).expect_err("is refused").field, "dates");
}

#[test]
fn what_rows_do_not_tell_may_be_the_same_for_all() {
    let sets = ["source.type=trustpilot", "rating.max=10", "metadata.a.b= x ", "language=en"];
    let mapping = mapping("", Some("review")).with_defaults(sets).expect("are fields");
    let rows = objects("text,rating,language\nfine,7,de\nbad,,\n", &mapping);
    assert_eq!(
        rows,
        [
            r#"{"kind":"review","text":"fine","rating":{"value":7,"max":10},"language":"de","source":{"type":"trustpilot"},"metadata":{"a.b":"x"}}"#,
            r#"{"kind":"review","text":"bad","language":"en","source":{"type":"trustpilot"},"metadata":{"a.b":"x"}}"#,
        ]
    );
    for set in ["source.type", "kind=review", "answers.q.nps=1", "-=x", "raiting=1"] {
        assert_eq!(Mapping::default().with_defaults([set]).expect_err("is refused").field, "set", "{set}");
    }
}

#[test]
fn words_may_be_in_any_case_and_languages_with_an_underscore() {
    let rows = objects("kind,text,channel,language\ncsr_note,a,Email,pt_BR\n", &Mapping::default());
    assert!(rows[0].contains(r#""channel":"email""#) && rows[0].contains(r#""language":"pt-BR""#), "{rows:?}");
}

#[test]
fn numbers_may_have_a_decimal_comma() {
    let rows = objects("kind;text;rating\nreview;a;4,5\nreview;b;-0,25\nreview;c;4.5\n", &Mapping::default());
    for (row, value) in rows.iter().zip(["4.5", "-0.25", "4.5"]) {
        assert!(row.contains(&format!(r#""rating":{{"value":{value}}}"#)), "{row}");
    }
    let labelled = "rating,text\nExtremely likely - 10,a\n0 - Not at all likely,b\n05 - fair,c\n2026 - 10,d\n";
    let rows = objects(labelled, &mapping("", Some("review")));
    let value = |row: &String| serde_json::from_str::<serde_json::Value>(row).expect("JSON")["rating"]["value"].clone();
    assert_eq!(rows.iter().map(value).collect::<Vec<_>>(), [json!(10), json!(0), json!(5), json!("2026 - 10")]);
    // Validation names what may be something else.
    for value in ["1,000", "1,2,3", "4,", ",5", "04,5", "4, 5"] {
        let rows = objects(&format!("kind;text;rating\nreview;a;{value}\n"), &Mapping::default());
        assert!(rows[0].contains(&format!(r#""value":"{value}""#)), "{rows:?}");
    }
}

#[test]
fn a_column_without_heading_has_to_be_empty_or_is_named_by_its_place() {
    let found = read("kind,text,,\nreview,a, ,\nreview,b,x\nreview,c\n", &Mapping::default(), 9).expect("is bound");
    let errors: Vec<_> = found.iter().map(|(_, row)| row.as_ref().err().map(|error| &**error)).collect();
    assert!(errors[0].is_none() && errors[2].is_none(), "{found:?}");
    assert!(errors[1].is_some_and(|error| error.contains("?map=column_3:FIELD")), "{found:?}");
    let rows = objects("kind,text,\nreview,b,x\n", &mapping("column_3:metadata.other", None));
    assert_eq!(rows, [r#"{"kind":"review","text":"b","metadata":{"other":"x"}}"#]);
}

#[test]
fn what_to_put_into_the_query_can_be_pasted_there() {
    let errors = read("kind,text,Shop & town\nreview,a,b\n", &Mapping::default(), 9).expect_err("is refused");
    let told = errors.iter().find(|error| error.field == "Shop & town").expect("is named");
    assert!(told.message.contains("?map=Shop+%26+town:metadata.NAME"), "{told:?}");
}

#[test]
fn rows_that_tell_more_of_the_columns_are_no_feedback_and_name_the_questions() {
    let table = "StartDate,ResponseId,Q1,Q2\n\
        Start Date,Response ID,How likely is it that you recommend us?,Why?\n\
        \"{\"\"ImportId\"\":\"\"startDate\"\"}\",\"{\"\"ImportId\"\":\"\"_recordId\"\"}\",\"{\"\"ImportId\"\":\"\"QID1\"\"}\",\"{\"\"ImportId\"\":\"\"QID2\"\"}\"\n\
        2026-05-01 08:00:00,R_1,9,Fast\n\
        Start Date,Response ID,8,\n";
    let maps = "StartDate:collected_at,ResponseId:external_id,Q1:answers.q1.nps,Q2:text";
    let rows = read(table, &mapping(maps, Some("survey")), 9).expect("is bound");
    assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5], "only directly below the header");
    let first: serde_json::Value = serde_json::from_str(rows[0].1.as_ref().expect("is written")).expect("is JSON");
    assert_eq!(first["answers"][0]["field_label"], "How likely is it that you recommend us?");
    assert_eq!((&first["text"], &first["answers"][0]["value"]), (&"Fast".into(), &9.into()));
}

#[test]
fn what_is_not_in_the_charset_is_told_by_its_column() {
    let mut bytes = b"kind,text\nreview,sch\xf6n\n".to_vec();
    let told = |charset: Option<&str>, bytes: &[u8]| {
        let mapping = Mapping::default().with_charset(charset).expect("is known");
        let (mut utf8, mut rows) = (Utf8::of(mapping.charset()), Rows::new(1 << 20));
        let mut input = utf8.decode(bytes);
        let header = rows.next(&mut input).expect("is there").expect("is whole");
        let table = Table::bind(&header, &mapping).map_err(|mut errors| errors.remove(0))?;
        let row = rows.next(&mut input).expect("is there").expect("is whole");
        let mut json = Vec::new();
        table.write(&row, &mut json).map(|()| String::from_utf8(json).expect("JSON is UTF-8"))
    };
    let error = told(None, &bytes).expect_err("is not UTF-8");
    assert!(error.field == "text" && error.message.contains("charset=NAME"), "{error:?}");
    assert_eq!(told(Some("windows-1252"), &bytes), Ok(r#"{"kind":"review","text":"schön"}"#.into()));
    let error = told(Some("shift_jis"), b"kind,text\nreview,\x85\x00x\n").expect_err("is not in it");
    assert!(error.field == "text" && error.message.contains("Shift_JIS"), "{error:?}");
    bytes.splice(0..4, *b"k\xefnd");
    let error = told(None, &bytes).expect_err("is not UTF-8");
    assert!(error.message.starts_with("column 1 of the header is not valid UTF-8"), "{error:?}");
    assert_eq!(Mapping::default().with_charset(Some("windows1251x")).expect_err("is unknown").field, "charset");
}

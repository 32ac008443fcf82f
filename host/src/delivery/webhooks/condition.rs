//! The condition of a webhook: an expression in CEL over `feedback` and `analysis`, as they are delivered.
//!
//! # Limits
//! A condition comes from outside and is evaluated for every analysis, so it is bounded before it is kept: 2,000 bytes,
//! 200 nodes, brackets and operators nested at most 24 deep, and no `all`, `exists`, `map` or `filter` inside another.
//! Of a list in the feedback it sees the first 1,000 entries. So the work is at most 200 nodes times 1,000 entries,
//! whatever is posted.

use std::{
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cel::{
    Context, ExecutionError, IdedExpr, Program, Value,
    common::ast::{EntryExpr, Expr},
};
use serde::Serialize;

use crate::feedback::{Analysis, Feedback};

/// Longest condition, in bytes.
const MAX_BYTES: usize = 2_000;
/// Most nodes of its tree.
const MAX_NODES: usize = 200;
/// Deepest nesting.
const MAX_DEPTH: usize = 24;
/// Most entries of a list that a condition sees.
const MAX_ENTRIES: usize = 1_000;
/// Stack of the thread that reads a condition: the parser recurses some twenty times a level.
const STACK_BYTES: usize = 32 << 20;
/// The variables.
const VARIABLES: [&str; 2] = ["feedback", "analysis"];

/// A condition that was checked.
pub struct Condition {
    program: Program,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}

impl Condition {
    /// Reads and checks a condition.
    ///
    /// # Errors
    /// What is wrong, with line and column where it has one.
    pub fn compile(source: &str) -> Result<Self, String> {
        if source.len() > MAX_BYTES {
            return Err(format!("it is {} bytes long; {MAX_BYTES} are the most", source.len()));
        }
        check_depth(source)?;
        let source = source.to_owned();
        // The parser recurses, and has panicked on what it did not expect: neither must reach the thread that serves.
        let read = std::thread::Builder::new().name("condition".into()).stack_size(STACK_BYTES).spawn(move || {
            let condition = Self { program: parse(&source)? };
            condition.check()?;
            Ok(condition)
        });
        let read = read.map_err(|error| format!("it cannot be read now, since no thread starts: {error}"))?;
        read.join().unwrap_or_else(|_| Err("line 1, column 1: this is no expression in CEL".into()))
    }

    /// Whether the condition is true. What cannot be computed, because a field is not there, is not.
    pub fn holds(&self, values: &Values) -> bool {
        let evaluate = || matches!(values.with(&self.program), Ok(Value::Bool(true)));
        catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|_| {
            tracing::error!("a webhook's condition made the interpreter panic; it counts as not fulfilled");
            false
        })
    }

    /// What of it cannot be computed on a sample: for the one who wrote it to look at, since the fields of feedback
    /// are not the same everywhere.
    pub fn doubt(&self) -> Option<String> {
        match Values::sample().with(&self.program) {
            Err(ExecutionError::NoSuchKey(name)) => Some(format!(
                "a sample of feedback and analysis has no `{name}`; where it is not there the condition is not \
                 fulfilled, unless `has(…)` asks first"
            )),
            _ => None,
        }
    }

    fn check(&self) -> Result<(), String> {
        let mut nodes = 0;
        self.walk(self.program.expression(), &mut BTreeSet::new(), Inside { depth: 0, comprehensions: 0 }, &mut nodes)?;
        match Values::sample().with(&self.program) {
            Ok(Value::Bool(_)) => Ok(()),
            Ok(other) => {
                let root = self.program.expression().id;
                Err(self.at(root, &format!("this is of type {:?}, where it must be true or false", other.type_of())))
            }
            Err(error) if depends_on_values(&error) => Ok(()),
            Err(error) => Err(self.at(self.program.expression().id, &describe(&error))),
        }
    }

    /// Looks at every node: names, depth, and how many there are.
    fn walk(
        &self,
        node: &IdedExpr,
        bound: &mut BTreeSet<String>,
        inside: Inside,
        nodes: &mut usize,
    ) -> Result<(), String> {
        *nodes += 1;
        if *nodes > MAX_NODES {
            return Err(self.at(node.id, &format!("it has more than {MAX_NODES} parts; write it shorter")));
        }
        let inside = Inside { depth: inside.depth + 1, ..inside };
        if inside.depth > MAX_DEPTH * 4 {
            return Err(self.at(node.id, "it is nested too deep"));
        }
        match &node.expr {
            Expr::Ident(name) if !VARIABLES.contains(&name.as_str()) && !bound.contains(name) => {
                let message = format!("there is no `{name}`; a condition knows `feedback` and `analysis`");
                Err(self.at(node.id, &message))
            }
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Ok(()),
            Expr::Select(select) => self.walk(&select.operand, bound, inside, nodes),
            Expr::Call(call) => {
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                parts.into_iter().try_for_each(|part| self.walk(part, bound, inside, nodes))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|part| self.walk(part, bound, inside, nodes)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.walk(&entry.key, bound, inside, nodes)?;
                    self.walk(&entry.value, bound, inside, nodes)
                }
                EntryExpr::StructField(field) => self.walk(&field.value, bound, inside, nodes),
            }),
            Expr::Struct(_) => Err(self.at(node.id, "messages cannot be made here")),
            Expr::Comprehension(loop_) => {
                if inside.comprehensions > 0 {
                    let message = "`all`, `exists`, `map` and `filter` cannot stand inside one another";
                    return Err(self.at(node.id, message));
                }
                let within = Inside { comprehensions: 1, ..inside };
                self.walk(&loop_.iter_range, bound, inside, nodes)?;
                let names = [Some(&loop_.iter_var), loop_.iter_var2.as_ref(), Some(&loop_.accu_var)];
                let added: Vec<String> =
                    names.into_iter().flatten().filter(|name| bound.insert((*name).clone())).cloned().collect();
                for part in [&loop_.accu_init, &loop_.loop_cond, &loop_.loop_step, &loop_.result] {
                    self.walk(part, bound, within, nodes)?;
                }
                for name in &added {
                    bound.remove(name);
                }
                Ok(())
            }
        }
    }

    fn at(&self, id: u64, message: &str) -> String {
        let Some((start, _)) = self.program.source_info().offset_for(id) else { return message.into() };
        let before = self.program.source_info().source.chars().take(start as usize);
        let (line, column) =
            before.fold((1, 1), |(line, column), c| if c == '\n' { (line + 1, 1) } else { (line, column + 1) });
        format!("line {line}, column {column}: {message}")
    }
}

/// Where in the tree a node is.
#[derive(Clone, Copy)]
struct Inside {
    depth: usize,
    comprehensions: usize,
}

fn parse(source: &str) -> Result<Program, String> {
    Program::compile(source).map_err(|errors| match errors.errors.first() {
        Some(first) => format!("line {}, column {}: {}", first.pos.0.max(1), first.pos.1.max(1), first.msg),
        None => "line 1, column 1: this is no expression in CEL".into(),
    })
}

/// Refuses what is nested deeper than the parser's stack is made for, by its brackets and its runs of operators.
fn check_depth(source: &str) -> Result<(), String> {
    let (mut brackets, mut run, mut questions, mut quote) = (0_usize, 0_usize, 0_usize, None);
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => brackets += 1,
            (None, ')' | ']' | '}') => brackets = brackets.saturating_sub(1),
            (None, '?') => questions += 1,
            (None, _) => {}
        }
        run = if quote.is_none() && matches!(c, '!' | '-') { run + 1 } else { 0 };
        if brackets > MAX_DEPTH || run > MAX_DEPTH || questions > MAX_DEPTH {
            return Err(format!("it is nested more than {MAX_DEPTH} deep; write it flatter"));
        }
    }
    Ok(())
}

/// Whether an error says nothing of the condition, only of the sample.
const fn depends_on_values(error: &ExecutionError) -> bool {
    use ExecutionError as E;
    matches!(
        error,
        E::NoSuchKey(_)
            | E::IndexOutOfBounds(_)
            | E::DivisionByZero(_)
            | E::RemainderByZero(_)
            | E::Overflow(..)
            | E::FunctionError { .. }
    )
}

fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::UndeclaredReference(name) => format!("there is no function `{name}`"),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => format!(
            "`{operator}` of {:?} and {:?} cannot be computed; whole numbers and fractions mix in comparisons alone",
            left.type_of(),
            right.type_of()
        ),
        // The others may show values, which a sample has, and which are none of the writer's business.
        ExecutionError::NoSuchOverload(error) => error.to_string(),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("a function takes {expected} arguments, not {actual}")
        }
        _ => "the types do not fit together".into(),
    }
}

/// What conditions are evaluated on: made once for all webhooks that ask for it.
pub struct Values {
    feedback: Value,
    analysis: Value,
}

impl Values {
    /// The values of an analysis.
    pub fn of(feedback: &Feedback, analysis: &Analysis) -> Self {
        Self { feedback: value_of(feedback), analysis: value_of(analysis) }
    }

    fn with(&self, program: &Program) -> Result<Value, ExecutionError> {
        let mut context = Context::default();
        context.add_variable_from_value("feedback", self.feedback.clone());
        context.add_variable_from_value("analysis", self.analysis.clone());
        program.execute(&context)
    }

    /// Values in which every field is filled.
    fn sample() -> Self {
        let sample: serde_json::Value =
            serde_json::from_str(include_str!("sample.json")).expect("a test reads the sample");
        Self { feedback: convert(&sample["feedback"]), analysis: convert(&sample["analysis"]) }
    }
}

fn value_of(of: &impl Serialize) -> Value {
    serde_json::to_value(of).map_or(Value::Null, |json| convert(&json))
}

fn convert(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(list) => Value::List(Arc::new(list.iter().take(MAX_ENTRIES).map(convert).collect())),
        Json::Object(map) => {
            let entries = map.iter().take(MAX_ENTRIES).map(|(name, value)| (name.clone(), convert(value)));
            Value::from(entries.collect::<HashMap<String, Value>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(source: &str) -> String {
        Condition::compile(source).map(drop).expect_err(source)
    }

    fn holds(source: &str) -> bool {
        let feedback: Feedback = serde_json::from_value(json!({
            "kind": "review", "text": "late again", "metadata": { "tier": "gold", "big": vec![7; 5_000] },
        }))
        .unwrap();
        let analysis: Analysis = serde_json::from_value(json!({
            "priority": 70, "tags": [{ "name": "delivery/speed", "confidence": 0.5, "spans": [] }],
        }))
        .unwrap();
        Condition::compile(source)
            .unwrap_or_else(|error| panic!("{source}: {error}"))
            .holds(&Values::of(&feedback, &analysis))
    }

    #[test]
    fn a_condition_speaks_of_feedback_and_analysis_as_they_are_delivered() {
        for (source, expected) in [
            ("analysis.priority >= 70", true),
            ("analysis.priority > 70", false),
            ("feedback.kind == 'review' && feedback.metadata.tier == 'gold'", true),
            ("feedback.text.contains('late')", true),
            ("analysis.tags.exists(tag, tag.name.startsWith('delivery/') && tag.confidence > 0.4)", true),
            ("analysis.tags.all(tag, tag.confidence > 0.9)", false),
            ("has(feedback.metadata.tier)", true),
            ("has(feedback.metadata.absent)", false),
            ("feedback.metadata.absent == 1", false),
            ("!(feedback.metadata.absent == 1)", false),
            ("size(feedback.metadata.big) == 1000", true),
        ] {
            assert_eq!(holds(source), expected, "{source}");
        }
    }

    #[test]
    fn a_bad_condition_is_refused_with_line_and_column() {
        for (source, expected) in [
            ("analysis.priority >", "line 1, column "),
            ("true &&\n  anlysis.priority > 1", "line 2, column 3: there is no `anlysis`"),
            ("analysis.priority", "where it must be true or false"),
            ("analysis.priority + 'x' == 'y'", "line 1, column "),
            ("nope(feedback.text)", "nope"),
            ("", "line 1, column "),
        ] {
            let message = refusal(source);
            assert!(message.contains(expected), "{source}: {message}");
        }
    }

    #[test]
    fn a_condition_that_would_take_too_much_is_refused() {
        let nested = "analysis.tags.all(a, analysis.tags.all(b, a == b))";
        assert!(refusal(nested).contains("inside one another"), "{}", refusal(nested));
        assert!(refusal(&"x".repeat(2_001)).contains("2000 are the most"));
        assert!(refusal(&format!("{}true{}", "(".repeat(900), ")".repeat(900))).contains("nested"));
        assert!(refusal(&format!("{}true", "!".repeat(1_900))).contains("nested"));
        assert!(refusal(&format!("{}true", "true?true:".repeat(150))).contains("nested"));
        assert!(refusal(&format!("{}1 > 0", "1+".repeat(900))).contains("nested too deep"));
        assert!(refusal(&format!("size([{}]) > 0", "1,".repeat(250))).contains("more than 200 parts"));
    }

    #[test]
    fn no_text_makes_the_reader_panic() {
        for source in [
            "\"", "'''", "\\", "[", "{{", "a.b.c.", "1e999", "0x", "\u{0}", "𝄞", "b'\\xff'", "a[", "..", "?:", "has(",
            "type",
        ] {
            drop(Condition::compile(source));
        }
    }

    #[test]
    fn what_a_sample_does_not_have_is_a_doubt_and_no_error() {
        let doubt = |source| Condition::compile(source).unwrap().doubt();
        assert!(doubt("analysis.prioritty > 5").is_some_and(|doubt| doubt.contains("prioritty")));
        assert_eq!(doubt("analysis.priority > 5 && feedback.rating.value <= 2.0"), None);
    }

    #[test]
    fn the_sample_is_feedback_and_an_analysis() {
        let sample: serde_json::Value = serde_json::from_str(include_str!("sample.json")).unwrap();
        serde_json::from_value::<Feedback>(sample["feedback"].clone()).unwrap();
        let analysis: Analysis = serde_json::from_value(sample["analysis"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&analysis).unwrap(), sample["analysis"], "no field has another name");
    }
}

//! The condition of a webhook: an expression in CEL over `feedback` and `analysis`, as they are delivered.
//!
//! # Limits
//! A condition comes from outside and is evaluated for every analysis, so it is bounded before it is kept: 2,000 bytes,
//! 200 nodes, brackets and operators nested at most 24 deep, and no `all`, `exists`, `map` or `filter` inside another or
//! over what another gives. Of a list in the feedback it sees the first 1,000 entries.
//!
//! The interpreter knows no limit of its own, so that no value may become much larger than the feedback: lists hold
//! constants alone, `map` makes its entries of those that it goes through, and `+` stands there eight times at most. What
//! loops look at again and again, the feedback itself, is counted while it runs ([`values`]).

mod bounds;
#[cfg(test)]
mod tests;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::{ExecutionError, Program, Value};

pub use values::Values;

/// Longest condition, in bytes.
const MAX_BYTES: usize = 2_000;
/// Stack of the thread that reads a condition: the parser recurses some twenty times a level.
const STACK_BYTES: usize = 32 << 20;

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
        bounds::check_depth(source)?;
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
        bounds::check(&self.program).map_err(|(id, message)| self.at(id, &message))?;
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

    fn at(&self, id: u64, message: &str) -> String {
        let Some((start, _)) = self.program.source_info().offset_for(id) else { return message.into() };
        let before = self.program.source_info().source.chars().take(start as usize);
        let (line, column) =
            before.fold((1, 1), |(line, column), c| if c == '\n' { (line + 1, 1) } else { (line, column + 1) });
        format!("line {line}, column {column}: {message}")
    }
}

fn parse(source: &str) -> Result<Program, String> {
    Program::compile(source).map_err(|errors| match errors.errors.first() {
        // Others are the parser's own affairs, in its own words.
        Some(first) if !first.msg.contains("Error(") => {
            format!("line {}, column {}: {}", first.pos.0.max(1), first.pos.1.max(1), first.msg)
        }
        _ => "line 1, column 1: this is no expression in CEL".into(),
    })
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

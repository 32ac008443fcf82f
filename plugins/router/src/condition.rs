//! A compiled expression.

use cel::{
    Context, ExecutionError, IdedExpr, Program, Value,
    common::{ast::Expr, types::CelBool, value::CowVal},
};

use crate::{
    check,
    direct::Direct,
    lower,
    variables::{Sources, Values},
};

/// An expression in CEL, its names checked and lowered to sources.
#[derive(Debug)]
pub(crate) struct Condition {
    /// What is evaluated.
    lowered: IdedExpr,
    /// The same without the interpreter, where it has a form that needs none.
    direct: Option<Direct>,
    /// What was written, which knows the positions.
    written: Program,
}

impl Condition {
    /// Compiles an expression.
    ///
    /// # Errors
    /// A message with the position: what is wrong, and what to do.
    pub(crate) fn compile(source: &str, sources: &mut Sources) -> Result<Self, String> {
        let written = Program::compile(source).map_err(|errors| match errors.errors.first() {
            Some(first) => format!("line {}, column {}: {}", first.pos.0, first.pos.1, first.msg),
            None => String::from("this is no expression in CEL"),
        })?;
        let mut condition = Self { lowered: written.expression().clone(), direct: None, written };
        lower::lower(&mut condition.lowered, &mut Vec::new(), sources)
            .map_err(|unknown| condition.message(unknown.id, &unknown.message))?;
        condition.direct = Direct::of(&condition.lowered, sources);
        Ok(condition)
    }

    /// The value of the expression.
    pub(crate) fn value<'e, 'v>(&'e self, scope: &'e Context<'_, 'v>) -> Result<CowVal<'e, 'v>, ExecutionError> {
        Value::resolve_val(&self.lowered, scope)
    }

    /// The variable that the expression is, if it is nothing but that: its index.
    pub(crate) fn variable(&self) -> Option<usize> {
        if let Expr::Ident(name) = &self.lowered.expr { Sources::index_of(name) } else { None }
    }

    /// Whether the expression is true; what cannot be computed is not. The interpreter's scope is asked for where it is
    /// needed.
    pub(crate) fn is_true<'s>(&self, values: &Values<'_>, scope: impl FnOnce() -> &'s Context<'s, 's>) -> bool {
        match &self.direct {
            Some(direct) => direct.holds(values) == Some(true),
            None => self.is_true_by_interpreter(scope()),
        }
    }

    /// Whether the interpreter is not needed.
    #[cfg(test)]
    pub(crate) const fn is_direct(&self) -> bool {
        self.direct.is_some()
    }

    /// Like `is_true`, by the interpreter.
    pub(crate) fn is_true_by_interpreter(&self, scope: &Context<'_, '_>) -> bool {
        self.value(scope).is_ok_and(|value| value.downcast_ref::<CelBool>().is_some_and(|value| *value.inner()))
    }

    /// Checks on sample values that the expression is true or false, and that its operators fit the types.
    ///
    /// # Errors
    /// A message with the position.
    pub(crate) fn check_bool(&self, samples: &Context<'_, '_>) -> Result<(), String> {
        check::is_bool(&self.lowered, samples).map_err(|wrong| self.message(wrong.id, &wrong.message))
    }

    /// Checks on sample values that the expression can be computed.
    ///
    /// # Errors
    /// A message with the position.
    pub(crate) fn check_any(&self, samples: &Context<'_, '_>) -> Result<(), String> {
        check::computes(&self.lowered, samples).map_err(|wrong| self.message(wrong.id, &wrong.message)).map(|_| ())
    }

    fn message(&self, id: u64, message: &str) -> String {
        let Some((start, _)) = self.written.source_info().offset_for(id) else { return message.into() };
        let before = self.written.source_info().source.chars().take(start as usize);
        let (line, column) =
            before.fold((1, 1), |(line, column), c| if c == '\n' { (line + 1, 1) } else { (line, column + 1) });
        format!("line {line}, column {column}: {message}")
    }
}

//! Reasons: text with `{expression}` in it.

use cel::{
    Context,
    common::{
        types::{CelBool, CelDouble, CelInt, CelString, CelUInt},
        value::Val,
    },
};

use crate::{
    condition::Condition,
    variables::{Sources, Values},
};

/// A compiled reason.
#[derive(Debug)]
pub(crate) struct Reason(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    /// A variable, by its index.
    Variable(usize, Condition),
    Value(Condition),
}

impl Reason {
    /// Compiles a reason.
    ///
    /// # Errors
    /// Where a brace is not closed, or an expression is wrong.
    pub(crate) fn compile(text: &str, sources: &mut Sources) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (expression, after) = behind
                .split_once('}')
                .ok_or_else(|| format!("reason `{text}`: a `{{` without `}}`; close it, or leave it out"))?;
            pieces.push(Piece::Text(before.into()));
            let value = Condition::compile(expression, sources).map_err(|error| format!("reason `{text}`: {error}"))?;
            pieces.push(match value.variable() {
                Some(index) => Piece::Variable(index, value),
                None => Piece::Value(value),
            });
            rest = after;
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self(pieces))
    }

    /// The reason for one item; none where it names a value that the item does not have.
    pub(crate) fn text<'s>(&self, values: &Values<'_>, scope: impl Fn() -> &'s Context<'s, 's>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Variable(index, _) => text.push_str(&shown(values.slot(*index).val())?),
                Piece::Value(value) => text.push_str(&shown(value.value(scope()).ok()?.as_ref())?),
            }
        }
        Some(text)
    }

    /// Checks on sample values that the expressions can be computed.
    ///
    /// # Errors
    /// A message with the position.
    pub(crate) fn check(&self, samples: &Context<'_, '_>) -> Result<(), String> {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(_) => Ok(()),
            Piece::Variable(_, value) | Piece::Value(value) => value.check_any(samples),
        })
    }
}

/// A value for people to read; fractions have at most two decimals.
fn shown(value: &dyn Val) -> Option<String> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        Some(text.inner().into())
    } else if let Some(number) = value.downcast_ref::<CelDouble>() {
        Some(((number.inner() * 100.0).round() / 100.0).to_string())
    } else if let Some(number) = value.downcast_ref::<CelInt>() {
        Some(number.inner().to_string())
    } else if let Some(number) = value.downcast_ref::<CelUInt>() {
        Some(number.inner().to_string())
    } else {
        value.downcast_ref::<CelBool>().map(|truth| truth.inner().to_string())
    }
}

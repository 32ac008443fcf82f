//! Finds mistakes in the types of a condition by trying it on sample values, before any feedback comes.

use cel::{
    Context, ExecutionError, IdedExpr, Value,
    common::{
        ast::{Expr, operators},
        types::{BOOL_TYPE, CelBool},
        value::CowVal,
    },
};

/// A part of an expression that cannot be right.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The node of the expression.
    pub(crate) id: u64,
    /// What is wrong.
    pub(crate) message: String,
}

/// Checks that an expression is true or false. Each side of `&&`, `||` and `!` is tried on its own, so that none hides
/// behind another that decides.
pub(crate) fn is_bool(node: &IdedExpr, samples: &Context<'_, '_>) -> Result<(), Wrong> {
    if let Expr::Call(call) = &node.expr
        && matches!(call.func_name.as_str(), operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT)
    {
        return call.args.iter().try_for_each(|side| is_bool(side, samples));
    }
    match computes(node, samples)? {
        Some(value) if value.downcast_ref::<CelBool>().is_none() => {
            let message = format!("this is of type {}, where it must be {}", value.get_type().name(), BOOL_TYPE.name());
            Err(Wrong { id: node.id, message })
        }
        _ => Ok(()),
    }
}

/// Checks that an expression can be computed; its value, unless that hangs on the values.
pub(crate) fn computes<'e, 'v>(
    node: &'e IdedExpr,
    samples: &'e Context<'_, 'v>,
) -> Result<Option<CowVal<'e, 'v>>, Wrong> {
    let wrong = |message| Err(Wrong { id: node.id, message });
    match Value::resolve_val(node, samples) {
        Ok(value) => Ok(Some(value)),
        Err(ExecutionError::UndeclaredReference(name)) => wrong(format!("there is no function `{name}`")),
        Err(ExecutionError::UnsupportedBinaryOperator(operator, left, right)) => {
            let message = "cannot be computed; whole numbers and fractions mix in comparisons alone: write 5.0 for 5, or double(…)";
            wrong(format!("`{operator}` of {} and {} {message}", left.type_of(), right.type_of()))
        }
        Err(
            error @ (ExecutionError::NoSuchOverload(_)
            | ExecutionError::UnexpectedType { .. }
            | ExecutionError::InvalidArgumentCount { .. }
            | ExecutionError::UnsupportedTargetType { .. }
            | ExecutionError::NotSupportedAsMethod { .. }
            | ExecutionError::MissingArgumentOrTarget
            | ExecutionError::ValuesNotComparable(..)),
        ) => wrong(error.to_string()),
        // A division by zero and the like hang on the values.
        Err(_) => Ok(None),
    }
}

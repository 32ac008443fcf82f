//! Checks the names in a condition, and replaces each variable by that of its source.
//!
//! `customer.clv`, `scores["churn_risk"]` and `has(customer.clv)` become one variable each, so that evaluating them takes
//! neither a map nor a look-up by path.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators},
};

use crate::variables::{CUSTOMER, PLAIN, Source, Sources};

/// A name that stands for nothing.
#[derive(Debug)]
pub(crate) struct UnknownName {
    /// The node of the expression.
    pub(crate) id: u64,
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

/// Lowers an expression. `bound` holds the variables that macros such as `exists` bring along.
pub(crate) fn lower(node: &mut IdedExpr, bound: &mut Vec<String>, sources: &mut Sources) -> Result<(), UnknownName> {
    let id = node.id;
    if let Some((source, is_test)) = source_of(node, bound)? {
        let name = Expr::Ident(sources.name_of(source));
        node.expr = if is_test { is_not_null(id, name) } else { name };
        return Ok(());
    }
    match &mut node.expr {
        Expr::Call(call) => {
            let target = call.target.as_deref_mut();
            target.into_iter().chain(&mut call.args).try_for_each(|node| lower(node, bound, sources))
        }
        Expr::Select(select) => lower(&mut select.operand, bound, sources),
        Expr::List(list) => list.elements.iter_mut().try_for_each(|node| lower(node, bound, sources)),
        Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| match &mut entry.expr {
            EntryExpr::MapEntry(entry) => {
                lower(&mut entry.key, bound, sources)?;
                lower(&mut entry.value, bound, sources)
            }
            EntryExpr::StructField(field) => lower(&mut field.value, bound, sources),
        }),
        Expr::Comprehension(inner) => {
            lower(&mut inner.iter_range, bound, sources)?;
            let outer = bound.len();
            bound.extend([inner.iter_var.clone(), inner.accu_var.clone()]);
            bound.extend(inner.iter_var2.clone());
            for node in [&mut inner.accu_init, &mut inner.loop_cond, &mut inner.loop_step, &mut inner.result] {
                lower(node, bound, sources)?;
            }
            bound.truncate(outer);
            Ok(())
        }
        Expr::Struct(structure) => {
            let message = format!("`{}` is no type; structures cannot be made here", structure.type_name);
            Err(UnknownName { id, message })
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
    }
}

/// The source that a node names, and whether it only asks if there is a value.
fn source_of(node: &IdedExpr, bound: &[String]) -> Result<Option<(Source, bool)>, UnknownName> {
    let unknown = |message| Err(UnknownName { id: node.id, message });
    match &node.expr {
        Expr::Ident(name) if bound.contains(name) => Ok(None),
        Expr::Ident(name) => match PLAIN.iter().find(|(known, _)| known == name) {
            Some((_, source)) => Ok(Some((source.clone(), false))),
            None => unknown(unknown_variable(name)),
        },
        Expr::Select(select) => match (&select.operand.expr, select.field.as_str()) {
            (Expr::Ident(name), field) if !bound.contains(name) => match field_source(name, field) {
                Some(Ok(source)) => Ok(Some((source, select.test))),
                Some(Err(message)) => unknown(message),
                None => Ok(None),
            },
            _ => Ok(None),
        },
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::INDEX => match args.as_slice() {
            [
                IdedExpr { expr: Expr::Ident(name), .. },
                IdedExpr { expr: Expr::Literal(LiteralValue::String(field)), .. },
            ] if !bound.contains(name) => match field_source(name, field.inner()) {
                Some(Ok(source)) => Ok(Some((source, false))),
                Some(Err(message)) => unknown(message),
                None => Ok(None),
            },
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// The source of a field; none where the variable has no fields.
fn field_source(variable: &str, field: &str) -> Option<Result<Source, String>> {
    match variable {
        "scores" => Some(Ok(Source::Score(field.into()))),
        "customer" => Some(CUSTOMER.iter().find(|(known, _)| *known == field).map_or_else(
            || {
                let known: Vec<_> = CUSTOMER.iter().map(|(name, _)| *name).collect();
                Err(format!("`customer.{field}` is unknown; `customer` has {}", known.join(", ")))
            },
            |(_, field)| Ok(Source::Customer(*field)),
        )),
        _ => None,
    }
}

fn unknown_variable(name: &str) -> String {
    match name {
        "scores" => String::from("`scores` cannot stand alone; name one, for example `scores.sentiment`"),
        "customer" => String::from("`customer` cannot stand alone; name a field, for example `customer.clv`"),
        _ => {
            let known: Vec<_> = PLAIN.iter().map(|(name, _)| *name).collect();
            format!("the variable `{name}` is unknown; there are {}, scores.NAME and customer.NAME", known.join(", "))
        }
    }
}

fn is_not_null(id: u64, name: Expr) -> Expr {
    let args = vec![IdedExpr { id, expr: name }, IdedExpr { id, expr: Expr::Literal(LiteralValue::Null) }];
    Expr::Call(CallExpr { func_name: operators::NOT_EQUALS.into(), target: None, args })
}

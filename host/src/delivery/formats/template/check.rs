//! Refuses what would make a template's work grow faster than its fuel counts.
//!
//! The engine counts instructions and bytes. It shares containers, and does not count them again: by assigning a list that
//! holds another one twice, forty times over, a template of a kilobyte would make a value that takes a terabyte when it is
//! written. So what is assigned or looped over is a value of the event, or made by filters, but no container, sum or
//! product of others; and a product repeats nothing more than a hundred times.

use minijinja::{
    machinery::{
        Span,
        ast::{BinOpKind, CallArg, Expr, Stmt},
        parse,
    },
    syntax::SyntaxConfig,
};

use super::environment::NAME;

/// Deepest nesting, of operators too.
const MAX_DEPTH: usize = 150;
/// Largest number that something is multiplied by.
const MAX_FACTOR: f64 = 100.0;

/// Where an expression stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// Whether its value is kept under a name.
    is_kept: bool,
    /// Whether it is part of a product.
    in_product: bool,
}

/// Checks a template before it is compiled.
///
/// # Errors
/// What is refused, with its line.
pub(super) fn check(source: &str) -> Result<(), String> {
    let template = parse(source, NAME, SyntaxConfig::default()).map_err(|error| super::in_words(&error, None))?;
    statement(&template, 0)
}

fn at(span: Span, message: &str) -> String {
    format!("line {}: {message}", span.start_line)
}

fn statements(all: &[Stmt<'_>], depth: usize) -> Result<(), String> {
    all.iter().try_for_each(|one| statement(one, depth + 1))
}

fn statement(statement: &Stmt<'_>, depth: usize) -> Result<(), String> {
    let shown = Place { depth, is_kept: false, in_product: false };
    let kept = Place { is_kept: true, ..shown };
    match statement {
        Stmt::Template(template) => statements(&template.children, depth),
        Stmt::EmitExpr(emit) => expression(&emit.expr, shown),
        Stmt::EmitRaw(_) => Ok(()),
        Stmt::ForLoop(all) if all.recursive => Err(at(all.span(), "a loop cannot be `recursive` here")),
        Stmt::ForLoop(all) => {
            expression(&all.iter, kept)?;
            all.filter_expr.iter().try_for_each(|filter| expression(filter, shown))?;
            statements(&all.body, depth)?;
            statements(&all.else_body, depth)
        }
        Stmt::IfCond(condition) => {
            expression(&condition.expr, shown)?;
            statements(&condition.true_body, depth)?;
            statements(&condition.false_body, depth)
        }
        Stmt::WithBlock(with) => {
            with.assignments.iter().try_for_each(|(_, value)| expression(value, kept))?;
            statements(&with.body, depth)
        }
        Stmt::Set(set) => expression(&set.expr, kept),
        Stmt::SetBlock(set) => {
            set.filter.iter().try_for_each(|filter| expression(filter, kept))?;
            statements(&set.body, depth)
        }
        Stmt::FilterBlock(block) => {
            expression(&block.filter, kept)?;
            statements(&block.body, depth)
        }
        Stmt::AutoEscape(block) => {
            Err(at(block.span(), "how values are written follows from `content_type`; take `autoescape` out"))
        }
        Stmt::Do(call) => Err(at(call.span(), "there is nothing to `do` here")),
    }
}

fn expression(of: &Expr<'_>, place: Place) -> Result<(), String> {
    if place.depth > MAX_DEPTH {
        return Err(at(of.span(), "it is nested too deep, or a run of operators is too long; write it in parts"));
    }
    let place = Place { depth: place.depth + 1, ..place };
    let inner = |part: &Expr<'_>| expression(part, place);
    // What decides over a value is no part of it.
    let aside = |part: &Expr<'_>| expression(part, Place { is_kept: false, in_product: false, ..place });
    match of {
        Expr::Var(_) | Expr::Const(_) => Ok(()),
        Expr::Slice(slice) => {
            inner(&slice.expr)?;
            [&slice.start, &slice.stop, &slice.step].into_iter().flatten().try_for_each(aside)
        }
        Expr::UnaryOp(operator) => inner(&operator.expr),
        Expr::BinOp(operator) => binary(operator.span(), &operator.op, [&operator.left, &operator.right], place),
        Expr::Compare(compare) => {
            aside(&compare.expr)?;
            compare.ops.iter().try_for_each(|operand| aside(&operand.expr))
        }
        Expr::IfExpr(choice) => {
            aside(&choice.test_expr)?;
            inner(&choice.true_expr)?;
            choice.false_expr.iter().try_for_each(inner)
        }
        Expr::Filter(filter) => {
            filter.expr.iter().try_for_each(inner)?;
            arguments(&filter.args, place)
        }
        Expr::Test(test) => {
            aside(&test.expr)?;
            arguments(&test.args, place)
        }
        Expr::GetAttr(get) => inner(&get.expr),
        Expr::GetItem(get) => {
            inner(&get.expr)?;
            aside(&get.subscript_expr)
        }
        Expr::Call(call) => {
            inner(&call.expr)?;
            arguments(&call.args, place)
        }
        Expr::List(list) => container(list.span(), list.items.iter(), place),
        Expr::Tuple(tuple) => container(tuple.span(), tuple.items.iter(), place),
        Expr::Map(map) => container(map.span(), map.keys.iter().chain(&map.values), place),
    }
}

fn arguments(all: &[CallArg<'_>], place: Place) -> Result<(), String> {
    all.iter().try_for_each(|argument| match argument {
        CallArg::Pos(part) | CallArg::Kwarg(_, part) | CallArg::PosSplat(part) | CallArg::KwargSplat(part) => {
            expression(part, place)
        }
    })
}

fn container<'a>(span: Span, parts: impl Iterator<Item = &'a Expr<'a>> + Clone, place: Place) -> Result<(), String> {
    let is_constant = parts.clone().all(|part| matches!(part, Expr::Const(_)));
    if place.is_kept && !is_constant {
        let message = "a list or map of values cannot be kept by `set`, `with` or `for`; write it where it is shown";
        return Err(at(span, message));
    }
    parts.into_iter().try_for_each(|part| expression(part, place))
}

fn binary(span: Span, kind: &BinOpKind, parts: [&Expr<'_>; 2], place: Place) -> Result<(), String> {
    use BinOpKind as Op;
    let place = match kind {
        Op::Add if place.is_kept => {
            return Err(at(span, "a sum cannot be kept by `set`, `with` or `for`: texts are joined with `~`"));
        }
        Op::Mul if place.is_kept || place.in_product => {
            return Err(at(span, "a product cannot be kept by `set`, `with` or `for`, nor multiplied once more"));
        }
        Op::Mul if !parts.iter().any(|part| is_factor(part)) => {
            return Err(at(span, "one side of `*` has to be a number of up to 100, as it stands"));
        }
        Op::Mul => Place { in_product: true, ..place },
        Op::Eq | Op::Ne | Op::Lt | Op::Lte | Op::Gt | Op::Gte | Op::In => {
            Place { is_kept: false, in_product: false, ..place }
        }
        _ => place,
    };
    parts.into_iter().try_for_each(|part| expression(part, place))
}

fn is_factor(part: &Expr<'_>) -> bool {
    let Expr::Const(number) = part else { return false };
    number.value.is_number() && f64::try_from(number.value.clone()).is_ok_and(|number| number.abs() <= MAX_FACTOR)
}

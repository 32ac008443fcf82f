//! What a condition may hold.

use std::collections::BTreeSet;

use cel::{
    IdedExpr, Program,
    common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, operators},
};

/// Most nodes of its tree.
pub(super) const MAX_NODES: usize = 200;
/// Deepest nesting.
const MAX_DEPTH: usize = 24;
/// Most `+` in it: each may make a text or a list that is as long as both of its sides.
const MAX_SUMS: usize = 8;
/// The variables.
const VARIABLES: [&str; 2] = ["feedback", "analysis"];

/// Refuses what is nested deeper than the parser's stack is made for, by its brackets and its runs of operators.
pub(super) fn check_depth(source: &str) -> Result<(), String> {
    let (mut brackets, mut run, mut questions) = (0_usize, 0_usize, 0_usize);
    let mut rest = source;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '"' | '\'' => behind_text(rest, c, matches!(before, 'r' | 'R')),
            '/' if rest.starts_with("//") => rest.find('\n').map_or("", |end| &rest[end..]),
            _ => &rest[c.len_utf8()..],
        };
        before = c;
        match c {
            '(' | '[' | '{' => brackets += 1,
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            '?' => questions += 1,
            _ => {}
        }
        run = if matches!(c, '!' | '-') { run + 1 } else { 0 };
        if brackets > MAX_DEPTH || run > MAX_DEPTH || questions > MAX_DEPTH {
            return Err(format!("it is nested more than {MAX_DEPTH} deep; write it flatter"));
        }
    }
    Ok(())
}

/// What stands behind the literal text in `mark`s at the beginning of `source`: of three marks, or of one in one line. In a
/// raw one a backslash is itself.
fn behind_text(source: &str, mark: char, is_raw: bool) -> &str {
    let triple = mark.to_string().repeat(3);
    let (end, is_triple) = if source.starts_with(&triple) { (triple.as_str(), true) } else { (&triple[..1], false) };
    let mut rest = &source[end.len()..];
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix(end) {
            return behind;
        }
        if c == '\n' && !is_triple {
            return rest;
        }
        rest = &rest[c.len_utf8()..];
        if c == '\\' && !is_raw {
            rest = rest.strip_prefix(|_: char| true).unwrap_or(rest);
        }
    }
    ""
}

/// Looks at every node: names, depth, how many there are, and whether any could make a value that is much larger than the
/// feedback.
///
/// # Errors
/// The node, and what is wrong with it.
pub(super) fn check(program: &Program) -> Result<(), (u64, String)> {
    let mut walk = Walk { bound: BTreeSet::new(), nodes: 0, sums: 0 };
    walk.visit(program.expression(), Place { depth: 0, part: Part::Plain })
}

/// Where in the tree a node is.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// In no `all`, `exists`, `map` or `filter`.
    Plain,
    /// What one of them goes through.
    Range,
    /// What it does with each entry.
    Body,
    /// What `map` makes of it.
    Entry,
}

impl Place {
    const fn at(self, part: Part) -> Self {
        Self { part, ..self }
    }
}

struct Walk<'a> {
    /// Variables of the loops around the node.
    bound: BTreeSet<&'a str>,
    nodes: usize,
    sums: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, node: &'a IdedExpr, place: Place) -> Result<(), (u64, String)> {
        self.nodes += 1;
        let fail = |message: String| Err((node.id, message));
        if self.nodes > MAX_NODES {
            return fail(format!("it has more than {MAX_NODES} parts; write it shorter"));
        }
        let place = Place { depth: place.depth + 1, ..place };
        if place.depth > MAX_DEPTH * 4 {
            return fail("it is nested too deep".into());
        }
        match &node.expr {
            Expr::Ident(name) => self.name(name, place).or_else(fail),
            Expr::Literal(_) | Expr::Unspecified => Ok(()),
            Expr::Select(select) => self.visit(&select.operand, place),
            Expr::Call(call) => {
                self.sums += usize::from(call.func_name == operators::ADD);
                if self.sums > MAX_SUMS {
                    return fail(format!("it has more than {MAX_SUMS} `+`"));
                }
                let mut parts = call.target.as_deref().into_iter().chain(&call.args);
                parts.try_for_each(|part| self.visit(part, place))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|part| self.constant(part)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => self.constant(&entry.key).and_then(|()| self.constant(&entry.value)),
                EntryExpr::StructField(field) => self.constant(&field.value),
            }),
            Expr::Struct(_) => fail("messages cannot be made here".into()),
            Expr::Comprehension(inner) if place.part == Part::Plain => self.comprehension(inner, place),
            Expr::Comprehension(_) => fail(
                "`all`, `exists`, `map` and `filter` cannot stand inside one another, nor one behind another".into(),
            ),
        }
    }

    fn name(&self, name: &str, place: Place) -> Result<(), String> {
        if self.bound.contains(name) {
            return Ok(());
        }
        if !VARIABLES.contains(&name) {
            return Err(format!("there is no `{name}`; a condition knows `feedback` and `analysis`"));
        }
        match place.part {
            Part::Entry => Err(format!("`map` makes its entries of those that it goes through, and not of `{name}`")),
            _ => Ok(()),
        }
    }

    /// Entries of lists and maps: they are copied where they stand.
    fn constant(&mut self, node: &'a IdedExpr) -> Result<(), (u64, String)> {
        self.nodes += 1;
        let is_constant = match &node.expr {
            Expr::Literal(_) => true,
            Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::NEGATE => {
                matches!(args.as_slice(), [IdedExpr { expr: Expr::Literal(_), .. }])
            }
            _ => false,
        };
        match is_constant {
            _ if self.nodes > MAX_NODES => {
                Err((node.id, format!("it has more than {MAX_NODES} parts; write it shorter")))
            }
            true => Ok(()),
            false => Err((node.id, "lists and maps hold constants alone, such as `['gold', 'silver']`".into())),
        }
    }

    fn comprehension(&mut self, inner: &'a ComprehensionExpr, place: Place) -> Result<(), (u64, String)> {
        self.visit(&inner.iter_range, place.at(Part::Range))?;
        let names = [Some(&inner.iter_var), inner.iter_var2.as_ref(), Some(&inner.accu_var)];
        let names = names.into_iter().flatten().map(String::as_str);
        let added: Vec<&str> = names.filter(|name| self.bound.insert(name)).collect();
        for part in [&inner.accu_init, &inner.loop_cond, &inner.result] {
            self.visit(part, place.at(Part::Body))?;
        }
        self.step(&inner.loop_step, &inner.accu_var, place)?;
        for name in added {
            self.bound.remove(name);
        }
        Ok(())
    }

    /// What happens with each entry. `map` and `filter` add `[ENTRY]` to what there is, where a condition of theirs holds.
    fn step(&mut self, step: &'a IdedExpr, accu: &str, place: Place) -> Result<(), (u64, String)> {
        let is_accu = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name == accu);
        if let Expr::Call(CallExpr { func_name, args, .. }) = &step.expr {
            match (func_name.as_str(), args.as_slice()) {
                (operators::CONDITIONAL, [condition, then, otherwise]) if is_accu(otherwise) => {
                    self.visit(condition, place.at(Part::Body))?;
                    return self.step(then, accu, place);
                }
                (operators::ADD, [so_far, IdedExpr { expr: Expr::List(list), .. }]) if is_accu(so_far) => {
                    return list.elements.iter().try_for_each(|entry| self.visit(entry, place.at(Part::Entry)));
                }
                _ => {}
            }
        }
        self.visit(step, place.at(Part::Body))
    }
}

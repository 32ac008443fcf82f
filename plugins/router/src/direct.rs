//! Evaluates the forms that conditions mostly have without CEL's interpreter, which takes about a microsecond for each:
//! `&&`, `||`, `!`, comparisons of a variable with a literal, and `in` a list of names. Whatever else a condition holds,
//! the interpreter evaluates it whole. Both give the same answer; a test holds them against each other.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use crate::variables::{Slot, Sources, Type, Values};

/// Largest whole number that a comparison takes: from here on not every one is a fraction of double precision.
const MAX_WHOLE: i64 = 1 << 53;

/// A condition in a form of its own. Variables are indices of sources.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Direct {
    And(Box<[Direct; 2]>),
    Or(Box<[Direct; 2]>),
    Not(Box<Direct>),
    /// The variable is true.
    Is(usize),
    IsNull(usize),
    IsText(usize, String),
    /// The name is in the list.
    IsIn(String, usize),
    /// The number is in this relation to the literal.
    Compare(usize, Order, f64),
}

/// How a number has to compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Direct {
    /// The condition in this form; none if it holds anything else.
    pub(crate) fn of(node: &IdedExpr, sources: &Sources) -> Option<Self> {
        match &node.expr {
            Expr::Ident(_) => {
                let (index, kind) = variable(node, sources)?;
                (kind == Type::Bool).then_some(Self::Is(index))
            }
            Expr::Call(CallExpr { func_name, target: None, args }) => match (func_name.as_str(), args.as_slice()) {
                (operators::LOGICAL_AND, [a, b]) => {
                    Some(Self::And(Box::new([Self::of(a, sources)?, Self::of(b, sources)?])))
                }
                (operators::LOGICAL_OR, [a, b]) => {
                    Some(Self::Or(Box::new([Self::of(a, sources)?, Self::of(b, sources)?])))
                }
                (operators::LOGICAL_NOT, [a]) => Some(Self::Not(Box::new(Self::of(a, sources)?))),
                (operators::EQUALS, [a, b]) => Self::equality(a, b, sources),
                (operators::NOT_EQUALS, [a, b]) => Some(Self::Not(Box::new(Self::equality(a, b, sources)?))),
                (operators::IN, [a, b]) => Self::membership(a, b, sources),
                (operator, [a, b]) => Self::comparison(order(operator)?, a, b, sources),
                _ => None,
            },
            _ => None,
        }
    }

    fn equality(a: &IdedExpr, b: &IdedExpr, sources: &Sources) -> Option<Self> {
        let (index, kind) = variable(a, sources)?;
        match literal(b)? {
            LiteralValue::Null => Some(Self::IsNull(index)),
            LiteralValue::String(text) if kind == Type::Text => Some(Self::IsText(index, text.inner().into())),
            _ => None,
        }
    }

    fn membership(a: &IdedExpr, b: &IdedExpr, sources: &Sources) -> Option<Self> {
        let (index, kind) = variable(b, sources)?;
        match literal(a)? {
            LiteralValue::String(name) if kind == Type::Names => Some(Self::IsIn(name.inner().into(), index)),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "whole numbers up to 2^53 have none")]
    fn comparison(order: Order, a: &IdedExpr, b: &IdedExpr, sources: &Sources) -> Option<Self> {
        let (index, kind) = variable(a, sources)?;
        let number = match literal(b)? {
            LiteralValue::Int(whole) if whole.inner().abs() <= MAX_WHOLE => *whole.inner() as f64,
            LiteralValue::Double(number) if number.inner().is_finite() => *number.inner(),
            _ => return None,
        };
        (kind == Type::Number).then_some(Self::Compare(index, order, number))
    }

    /// Whether the condition holds; none where that cannot be said, because a value is not there. As in CEL, one side of
    /// `&&` and `||` can decide whatever the other is.
    pub(crate) fn holds(&self, values: &Values<'_>) -> Option<bool> {
        match self {
            Self::And(sides) => decide(sides, values, false),
            Self::Or(sides) => decide(sides, values, true),
            Self::Not(inner) => inner.holds(values).map(|holds| !holds),
            Self::Is(index) => match values.slot(*index) {
                Slot::Bool(value) => Some(*value.inner()),
                _ => None,
            },
            Self::IsNull(index) => Some(matches!(values.slot(*index), Slot::Null)),
            Self::IsText(index, text) => {
                Some(matches!(values.slot(*index), Slot::Text(value) if value.inner() == text))
            }
            Self::IsIn(name, index) => match values.slot(*index) {
                Slot::Names(names) => Some(names.has(name)),
                _ => None,
            },
            Self::Compare(index, order, number) => Some(order.holds(values.slot(*index).as_number()?, *number)),
        }
    }
}

fn decide(sides: &[Direct; 2], values: &Values<'_>, by: bool) -> Option<bool> {
    match sides[0].holds(values) {
        Some(first) if first == by => Some(by),
        first => match sides[1].holds(values) {
            Some(second) if second == by => Some(by),
            second => first.and(second),
        },
    }
}

impl Order {
    fn holds(self, value: f64, literal: f64) -> bool {
        match self {
            Self::Less => value < literal,
            Self::AtMost => value <= literal,
            Self::Greater => value > literal,
            Self::AtLeast => value >= literal,
        }
    }
}

fn order(operator: &str) -> Option<Order> {
    match operator {
        operators::LESS => Some(Order::Less),
        operators::LESS_EQUALS => Some(Order::AtMost),
        operators::GREATER => Some(Order::Greater),
        operators::GREATER_EQUALS => Some(Order::AtLeast),
        _ => None,
    }
}

fn variable(node: &IdedExpr, sources: &Sources) -> Option<(usize, Type)> {
    let Expr::Ident(name) = &node.expr else { return None };
    let index = Sources::index_of(name)?;
    Some((index, sources.type_of(index)?))
}

const fn literal(node: &IdedExpr) -> Option<&LiteralValue> {
    if let Expr::Literal(literal) = &node.expr { Some(literal) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sayso_plugin::{Customer, Details, Effect, Item, Kind, Rating, Review, Score, Tag};

    use crate::{
        condition::Condition,
        in_this_call,
        variables::{Sources, Values},
    };

    /// Conditions of every form, and of some that only the interpreter knows.
    fn conditions() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("answered"),
            Just("verified"),
            Just("label == 'negative'"),
            Just("label != 'negative'"),
            Just("label == null"),
            Just("rating != null"),
            Just("rating <= 0.25"),
            Just("rating > 0.5"),
            Just("stars >= 4"),
            Just("stars < 2"),
            Just("customer.tenure_days >= 1825"),
            Just("customer.clv > 1000"),
            Just("customer.segment == 'gold'"),
            Just("nps <= 6"),
            Just("'complaint' in intents"),
            Just("'delivery' in areas"),
            Just("kind == 'review'"),
            Just("scores.churn_risk >= 0.5"),
            Just("size(intents) > 1"),
            Just("stars == 4.0"),
            Just("text_length < 10"),
            Just("5 < stars"),
        ]
        .prop_map(String::from);
        leaf.prop_recursive(4, 24, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
                inner.prop_map(|a| format!("!({a})")),
            ]
        })
    }

    fn items() -> impl Strategy<Value = Item> {
        let label = proptest::option::of(prop_oneof![Just("negative"), Just("positive")]);
        let rating = proptest::option::of(1u8..=5);
        let tenure = proptest::option::of(prop_oneof![Just(10u32), Just(1825), Just(9000)]);
        let intents = proptest::collection::vec(prop_oneof![Just("complaint"), Just("praise")], 0..3);
        let verified = proptest::option::of(any::<bool>());
        (label, rating, tenure, intents, verified, any::<bool>(), any::<bool>()).prop_map(
            |(label, rating, tenure, intents, verified, answered, is_review)| {
                let mut item = Item::of_text("en", "some text");
                if is_review {
                    item.feedback.kind = Kind::Review;
                    item.feedback.rating = rating.map(|value| Rating { value: value.into(), min: 1.0, max: 5.0 });
                    item.feedback.details = Some(Details::Review(Review { verified, answered, ..Review::default() }));
                }
                item.feedback.customer = tenure.map(|tenure| Customer {
                    tenure_days: Some(tenure),
                    segment: verified.map(|_| "gold".into()),
                    ..Customer::default()
                });
                if let Some(label) = label {
                    item.effects.push(Effect::Score(Score::whole("sentiment", -0.4).label(label)));
                    item.effects.push(Effect::Tag(Tag::topic("delivery/speed", 0.8)));
                }
                item.effects.extend(intents.iter().map(|name| Effect::Tag(Tag::intent(name, 0.8))));
                item
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_condition_holds_directly_where_it_holds_by_the_interpreter(source in conditions(), item in items()) {
            let mut sources = Sources::default();
            let condition = Condition::compile(&source, &mut sources).expect("is a condition");
            let root = cel::Context::default();
            let values = Values::of(&item, &sources);
            let mut scope = in_this_call(&root).new_inner_scope();
            scope.set_variable_resolver(&values);
            prop_assert_eq!(condition.is_true(&values, || &scope), condition.is_true_by_interpreter(&scope));
        }
    }

    #[test]
    fn the_default_rules_need_no_interpreter() {
        let rules: Vec<serde_json::Value> = serde_json::from_str(include_str!("../rules.json")).expect("is JSON");
        for rule in rules {
            let when = rule["when"].as_str().expect("is text");
            let condition = Condition::compile(when, &mut Sources::default()).expect("is a condition");
            assert!(condition.is_direct(), "{when}");
        }
    }
}

//! A list of names that borrows them.

use cel::{
    ExecutionError,
    common::{
        traits::{self, Container, Iterable, Sizer},
        types::{CelInt, CelString, LIST_TYPE, Type},
        value::Val,
    },
};

/// The names of tags, as a list in conditions: it knows `in`, `size`, `==` and the macros, such as `exists`.
#[derive(Clone, Debug)]
pub(crate) struct Names<'a>(Vec<CelString<'a>>);

impl<'a> Names<'a> {
    /// The list of these names, without repetitions of the one before.
    pub(crate) fn new(names: impl Iterator<Item = &'a str>) -> Self {
        let mut names: Vec<_> = names.map(CelString::from).collect();
        names.dedup();
        Self(names)
    }

    /// Whether the list has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own.inner() == name)
    }
}

impl Val for Names<'_> {
    fn get_type(&self) -> &Type {
        &LIST_TYPE
    }

    fn cel_type() -> &'static Type {
        &LIST_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let Some(others) = other.as_iterable() else { return false };
        let mut others = others.iter();
        self.0.iter().all(|name| others.next().is_some_and(|other| name.equals(other))) && others.next().is_none()
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }
}

impl Container for Names<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.0.iter().any(|name| name.equals(value)))
    }
}

impl Sizer for Names<'_> {
    fn size(&self) -> CelInt {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX).into()
    }
}

impl Iterable for Names<'_> {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Iter(self.0.iter()))
    }
}

struct Iter<'b, 'a>(std::slice::Iter<'b, CelString<'a>>);

impl<'b, 'a: 'v, 'v> traits::Iterator<'b, 'v> for Iter<'b, 'a> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|name| name as &(dyn Val + 'v))
    }
}

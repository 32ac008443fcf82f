//! The words and pairs that weights are learned for.

use std::collections::{BTreeMap, HashMap};

use crate::{
    model::Model,
    reviews::{Review, Reviews},
};

/// Features by their name, each with a number from 0 on in the order of the names.
pub(crate) struct Vocabulary {
    /// Names in order, each with how many reviews have it.
    pub(crate) features: Vec<(String, u32)>,
    numbers: HashMap<String, u32>,
}

impl Vocabulary {
    /// The features that stand in at least so many reviews.
    pub(crate) fn of(reviews: &Reviews, least: u32) -> Self {
        let mut counts = BTreeMap::<String, u32>::new();
        for review in &reviews.0 {
            let mut names = names(review);
            names.sort_unstable();
            names.dedup();
            for name in names {
                *counts.entry(name).or_default() += 1;
            }
        }
        counts.retain(|_, count| *count >= least);
        Self::numbered(counts.into_iter().collect())
    }

    fn numbered(features: Vec<(String, u32)>) -> Self {
        let numbers = (0..).zip(&features).map(|(number, (name, _))| (name.clone(), number)).collect();
        Self { features, numbers }
    }

    /// The features that decide most: by weight, and by the square root of how often they occur.
    pub(crate) fn keep(&self, most: usize, model: &Model) -> Self {
        let worth = |number: usize| model.weights[number].abs() * f64::from(self.features[number].1).sqrt();
        let mut numbers: Vec<usize> = (0..self.features.len()).collect();
        numbers.sort_by(|&a, &b| worth(b).total_cmp(&worth(a)).then(a.cmp(&b)));
        numbers.truncate(most);
        numbers.sort_unstable();
        Self::numbered(numbers.into_iter().map(|number| self.features[number].clone()).collect())
    }

    /// The numbers of a review's features, each once however often it occurs, as the scorer counts it.
    pub(crate) fn numbers(&self, review: &Review) -> Vec<u32> {
        let mut numbers: Vec<u32> = names(review).iter().filter_map(|name| self.numbers.get(name).copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The features of a review: its units, and its pairs of units that stand together, with a space between the two.
fn names(review: &Review) -> Vec<String> {
    let pairs = review.units.windows(2).map(|pair| format!("{} {}", pair[0], pair[1]));
    review.units.iter().cloned().chain(pairs).collect()
}

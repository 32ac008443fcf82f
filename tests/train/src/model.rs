//! Logistic regression without a constant term: a text of which no word is known is neither praise nor blame. Each weight
//! has a normal prior around 0, which is the wider the more the feature tells of itself: its deviation is in proportion to
//! the feature's log-odds in naive Bayes (Wang and Manning, "Baselines and Bigrams", ACL 2012, scale features so). The
//! objective is convex, and L-BFGS finds its one minimum from any start.

use std::collections::VecDeque;

use crate::{
    reviews::{Reviews, progress},
    vocabulary::Vocabulary,
};

/// Steps of the descent; more change the fourth digit of no weight that counts.
const STEPS: usize = 60;
/// Steps that the curvature is taken from.
const MEMORY: usize = 8;
/// What every count of naive Bayes begins with, so that none is 0.
const SMOOTHING: f64 = 1.0;
/// The least deviation of a prior, so that none is 0.
const LEAST_DEVIATION: f64 = 0.01;

/// What was learned.
pub(crate) struct Model {
    /// The log-odds that each feature adds to a text in which it stands.
    pub(crate) weights: Vec<f64>,
}

/// Reviews as numbers of features, with what they are to come to: 1 or −1.
struct Rows {
    starts: Vec<usize>,
    numbers: Vec<u32>,
    targets: Vec<f64>,
    /// How strongly each weight is drawn to 0.
    pulls: Vec<f64>,
}

impl Rows {
    fn of(reviews: &Reviews, vocabulary: &Vocabulary, prior: f64) -> Self {
        let mut rows = Self { starts: vec![0], numbers: Vec::new(), targets: Vec::new(), pulls: Vec::new() };
        for review in &reviews.0 {
            rows.numbers.extend(vocabulary.numbers(review));
            rows.starts.push(rows.numbers.len());
            rows.targets.push(if review.praises { 1.0 } else { -1.0 });
        }
        rows.pulls = rows.pulls(vocabulary.features.len(), prior);
        rows
    }

    fn pulls(&self, features: usize, prior: f64) -> Vec<f64> {
        let mut counts = vec![[SMOOTHING; 2]; features];
        let mut totals = [0.0; 2];
        for (numbers, target) in self.each() {
            let side = usize::from(target > 0.0);
            totals[side] += 1.0;
            for &number in numbers {
                counts[number as usize][side] += 1.0;
            }
        }
        let log_odds = |[blame, praise]: [f64; 2]| (praise / totals[1]).ln() - (blame / totals[0]).ln();
        counts.into_iter().map(|of_feature| prior / log_odds(of_feature).abs().max(LEAST_DEVIATION).powi(2)).collect()
    }

    fn each(&self) -> impl Iterator<Item = (&[u32], f64)> {
        self.starts.windows(2).map(|ends| &self.numbers[ends[0]..ends[1]]).zip(self.targets.iter().copied())
    }

    /// The objective, and its gradient.
    fn loss(&self, weights: &[f64]) -> (f64, Vec<f64>) {
        let mut gradient: Vec<f64> = weights.iter().zip(&self.pulls).map(|(weight, pull)| pull * weight).collect();
        let mut loss = 0.5 * dot(weights, &gradient);
        for (numbers, target) in self.each() {
            let margin = target * numbers.iter().map(|&number| weights[number as usize]).sum::<f64>();
            loss += if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin };
            let slope = -target / (1.0 + margin.exp());
            for &number in numbers {
                gradient[number as usize] += slope;
            }
        }
        (loss, gradient)
    }
}

impl Model {
    /// Learns the weights of the vocabulary.
    pub(crate) fn learn(reviews: &Reviews, vocabulary: &Vocabulary, prior: f64) -> Self {
        let rows = Rows::of(reviews, vocabulary, prior);
        let bar = progress(&format!("weights of {} features", vocabulary.features.len()), STEPS);
        let mut weights = vec![0.0; vocabulary.features.len()];
        let (mut loss, mut gradient) = rows.loss(&weights);
        let mut past = VecDeque::new();
        for _ in 0..STEPS {
            let direction = direction(&gradient, &past);
            let start = Point { weights: &weights, loss, gradient: &gradient };
            let first = if past.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt() } else { 1.0 };
            let Some((tried, loss_there, gradient_there)) = search(&rows, &start, &direction, first) else { break };
            let step = minus(&tried, &weights);
            let turn = minus(&gradient_there, &gradient);
            let curvature = dot(&step, &turn);
            if curvature > 0.0 {
                past.push_back((step, turn, 1.0 / curvature));
                if past.len() > MEMORY {
                    past.pop_front();
                }
            }
            (weights, loss, gradient) = (tried, loss_there, gradient_there);
            bar.inc(1);
        }
        bar.finish_and_clear();
        // What the table holds, and so what the report is about.
        Self { weights: weights.into_iter().map(|weight| (weight * 100.0).round() / 100.0).collect() }
    }

    /// The log-odds of praise for each review.
    pub(crate) fn log_odds(&self, reviews: &Reviews, vocabulary: &Vocabulary) -> Vec<f64> {
        let of = |review| vocabulary.numbers(review).iter().map(|&number| self.weights[number as usize]).sum();
        reviews.0.iter().map(of).collect()
    }
}

/// Where the objective falls from here, by the curvature of the steps so far (Nocedal and Wright, "Numerical
/// Optimization", algorithm 7.4).
fn direction(gradient: &[f64], past: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::new();
    for (step, turn, inverse) in past.iter().rev() {
        let share = inverse * dot(step, &direction);
        add(&mut direction, turn, -share);
        shares.push(share);
    }
    if let Some((_, turn, inverse)) = past.back() {
        let scale = 1.0 / (inverse * dot(turn, turn));
        direction.iter_mut().for_each(|slope| *slope *= scale);
    }
    for ((step, turn, inverse), share) in past.iter().zip(shares.into_iter().rev()) {
        let other = inverse * dot(turn, &direction);
        add(&mut direction, step, share - other);
    }
    direction
}

/// Where the descent is.
struct Point<'a> {
    weights: &'a [f64],
    loss: f64,
    gradient: &'a [f64],
}

/// The first point along the direction, halving the way from `length` on, at which the objective has fallen enough; none
/// where it falls no more. With it, the objective and the gradient there.
fn search(rows: &Rows, from: &Point<'_>, direction: &[f64], mut length: f64) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let slope = dot(from.gradient, direction);
    for _ in 0..20 {
        let mut tried = from.weights.to_vec();
        add(&mut tried, direction, length);
        let (loss, gradient) = rows.loss(&tried);
        if loss <= from.loss + 1e-4 * length * slope {
            return Some((tried, loss, gradient));
        }
        length /= 2.0;
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reviews::Review;

    fn reviews() -> Reviews {
        let lines =
            [(true, "good day"), (true, "good food good"), (false, "bad day"), (false, "bad food day"), (true, "day")];
        let review =
            |(praises, text): (bool, &str)| Review { praises, units: text.split(' ').map(Into::into).collect() };
        Reviews(lines.map(review).into())
    }

    #[test]
    fn words_of_praise_weigh_more_than_nothing_and_words_of_blame_less() {
        let (reviews, vocabulary) = (reviews(), Vocabulary::of(&reviews(), 2));
        let model = Model::learn(&reviews, &vocabulary, 1.0);
        let weight = |name: &str| model.weights[vocabulary.features.iter().position(|(own, _)| own == name).unwrap()];
        assert!(weight("good") > 0.3 && weight("bad") < -0.3, "{:?}", model.weights);
        assert!(vocabulary.features.iter().all(|(name, count)| *count >= 2 && name != "good good"));
        assert!(model.log_odds(&reviews, &vocabulary)[0] > 0.0);
    }

    #[test]
    fn the_gradient_is_that_of_the_objective() {
        let (reviews, vocabulary) = (reviews(), Vocabulary::of(&reviews(), 1));
        let rows = Rows::of(&reviews, &vocabulary, 0.7);
        let weights: Vec<f64> = (0..vocabulary.features.len()).map(|number| 0.3 - 0.1 * number as f64).collect();
        let (_, gradient) = rows.loss(&weights);
        for number in 0..weights.len() {
            let at = |shift: f64| {
                let mut moved = weights.clone();
                moved[number] += shift;
                rows.loss(&moved).0
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - gradient[number]).abs() < 1e-5, "{slope} {}", gradient[number]);
        }
    }

    #[test]
    fn the_descent_ends_where_the_objective_is_flat() {
        let (reviews, vocabulary) = (reviews(), Vocabulary::of(&reviews(), 1));
        let model = Model::learn(&reviews, &vocabulary, 1.0);
        let (_, gradient) = Rows::of(&reviews, &vocabulary, 1.0).loss(&model.weights);
        let pulls = Rows::of(&reviews, &vocabulary, 1.0).pulls;
        // Weights are rounded to hundredths, and a strong pull makes a steep slope of what is cut.
        assert!(gradient.iter().zip(&pulls).all(|(slope, pull)| slope.abs() <= 0.01 * (1.0 + pull)), "{gradient:?}");
    }
}

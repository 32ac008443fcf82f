//! Uses the grants `history` and `text`, and says what it learnt.

use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, history, text};

struct Nosy;

impl Plugin for Nosy {
    const NAME: &'static str = "nosy";
    const SUMMARY: &'static str = "Says what its grants tell.";
    type Config = NoConfig;

    fn config_schema() -> String {
        NoConfig::SCHEMA.into()
    }

    fn new(_: NoConfig) -> Result<Self, String> {
        Ok(Self)
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let feedback = &item.feedback;
        let language = text::detect(&feedback.text).map_or_else(String::new, |language| language.code);
        let tokens = text::segment(&feedback.text, &language).len() / 3;
        let earlier = history::before(&feedback.id).map(|history| history.earlier);
        let stranger = history::before("0190f5c8-0000-7000-8000-000000000000").is_some();
        effects.note("detected", language);
        effects.note("tokens", tokens);
        effects.note("earlier", earlier);
        effects.note("stranger", stranger);
        Ok(())
    }
}

sayso_plugin::export!(Nosy);

//! The plugin `empty`: reads nothing and says nothing. `sayso plugin bench` measures others against it, since what it
//! costs is what the sandbox costs.

use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Reads};

/// The plugin.
pub struct Empty;

impl Plugin for Empty {
    const NAME: &'static str = "empty";
    const SUMMARY: &'static str = "Says nothing: what the sandbox alone costs.";
    const READS: Reads = Reads::empty();
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, String> {
        Ok(Self)
    }

    fn process(&self, _: &Item, _: &mut Effects) -> Result<(), Fault> {
        Ok(())
    }
}

sayso_plugin::export!(Empty);

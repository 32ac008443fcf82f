//! Where the configuration comes from, so that it can be read again while sayso runs.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::{Config, ConfigError, Key, environment, load, load::load_keys};

/// A file, if there is one, the environment, and what the command line sets.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file.
    pub file: Option<PathBuf>,
    /// The folder for the data, which wins over the file and the environment.
    pub data: Option<PathBuf>,
    /// The address to listen on, which wins over the file and the environment.
    pub listen: Option<SocketAddr>,
}

impl Source {
    /// Reads the configuration as it is now.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn read(&self) -> Result<Config, ConfigError> {
        let mut config = load(self.file.as_deref(), environment::texts(std::env::vars_os())?)?;
        if let Some(dir) = &self.data {
            config.data.dir.clone_from(dir);
        }
        if let Some(listen) = self.listen {
            config.server.listen = listen;
        }
        Ok(config)
    }

    /// Reads the keys alone, as they are now, where there is a file that names some. Of those that are none it has none.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn read_keys(&self) -> Result<Option<Vec<Key>>, ConfigError> {
        let Some(file) = &self.file else { return Ok(None) };
        load_keys(file, environment::texts(std::env::vars_os())?)
    }

    /// The folder that the paths of plugins are relative to.
    pub fn base(&self) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).map_or_else(PathBuf::new, Path::to_owned)
    }
}

use std::{
    io,
    path::{Path, PathBuf},
    process,
};

use tokio::signal::unix::{SignalKind, signal};

use crate::sqlite::copy;

/// Has SIGTERM and SIGINT remove what was written so far of a copy to `target`, before they end the process.
pub(super) fn discard_copy_on_signals(target: &Path) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let target: PathBuf = target.to_owned();
    tokio::spawn(async move {
        let code = tokio::select! {
            _ = terminate.recv() => 143,
            _ = interrupt.recv() => 130,
        };
        if let Err(error) = copy::discard_part(&target) {
            anstream::eprintln!("error: what was written of the copy is left: {error}");
        }
        process::exit(code)
    });
    Ok(())
}

use std::io::{self, Write as _};

/// Prints a line of many; false once nobody reads them any more, as behind `head`. `println!` passes over that.
///
/// # Errors
/// Where it cannot be written for another reason.
pub(super) fn printed(line: &str) -> io::Result<bool> {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

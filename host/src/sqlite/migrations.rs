use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;

/// "SYSO": tells sayso's files from those of other programs (SQLite, `PRAGMA application_id`).
const APPLICATION_ID: i32 = 0x5359_534f;

/// What makes version n of the tables from version n − 1; the first is version 1. Never change one that was released.
const MIGRATIONS: [&str; 10] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
];

/// Makes sure that the file is a store that this sayso can read, or an empty one.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let integer = |sql| pragma(connection, sql).map_err(|source| OpenError::sqlite(path, source));
    let found = integer("PRAGMA user_version")?;
    let application = integer("PRAGMA application_id")?;
    let tables = integer("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION_ID && (application, found, tables) != (0, 0, 0) {
        return Err(OpenError::NotAStore { path: path.to_owned() });
    }
    let known = version();
    if found > known { Err(OpenError::TooNew { path: path.to_owned(), found, known }) } else { Ok(()) }
}

/// Makes sure that the file is a store, of this version or an older one, and no empty one.
pub(super) fn check_made(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    check(connection, path)?;
    let found = pragma(connection, "PRAGMA application_id").map_err(|source| OpenError::sqlite(path, source))?;
    if found == APPLICATION_ID { Ok(()) } else { Err(OpenError::NotAStore { path: path.to_owned() }) }
}

/// Makes sure that the file is a store whose tables are of this sayso's version.
pub(super) fn check_whole(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    check(connection, path)?;
    let found = pragma(connection, "PRAGMA user_version").map_err(|source| OpenError::sqlite(path, source))?;
    if found == version() { Ok(()) } else { Err(OpenError::TooOld { path: path.to_owned() }) }
}

/// Brings the tables of a store that was checked to the newest version.
pub(super) fn run(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = pragma(&transaction, "PRAGMA user_version")?;
    if found == version() {
        return transaction.commit();
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version())?;
    transaction.commit()
}

fn version() -> i32 {
    i32::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

fn pragma(connection: &Connection, sql: &str) -> rusqlite::Result<i32> {
    connection.query_row(sql, [], |row| row.get(0))
}

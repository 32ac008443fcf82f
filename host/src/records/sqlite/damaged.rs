//! Erasing rows that cannot be read any more.

use rusqlite::{Connection, params};

/// Takes a row out of the index without knowing what it is found by: the whole index is looked through, which for a
/// million rows takes some seconds.
pub(super) fn remove(connection: &Connection, no: i64) -> rusqlite::Result<()> {
    if connection.prepare_cached("DELETE FROM unindexed WHERE no = ?1")?.execute([no])? == 1 {
        return Ok(());
    }
    for table in ["facet", "customer"] {
        connection.execute(&format!("DELETE FROM {table} WHERE no = ?1"), [no])?;
    }
    let words = words(connection, no)?;
    if words.is_empty() {
        return Ok(());
    }
    connection.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?1, ?2)", params![no, words]).map(drop)
}

/// The words that the index has of a row, each as often as it has it: by these they can be taken out of it.
fn words(connection: &Connection, no: i64) -> rusqlite::Result<String> {
    connection.execute_batch("CREATE VIRTUAL TABLE IF NOT EXISTS temp.word USING fts5vocab(main, words, instance)")?;
    let mut select = connection.prepare("SELECT term FROM temp.word WHERE doc = ?1 ORDER BY offset")?;
    let mut found = select.query([no])?;
    let mut words = String::new();
    while let Some(row) = found.next()? {
        words.push_str(row.get_ref(0)?.as_str()?);
        words.push(' ');
    }
    Ok(words)
}

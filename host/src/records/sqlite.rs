//! records sqlite

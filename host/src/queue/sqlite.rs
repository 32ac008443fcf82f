//! queue sqlite

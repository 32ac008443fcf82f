mod auth;
mod problems;
mod routes;

"""The steps of a set-up, from the first answer to the first approval."""

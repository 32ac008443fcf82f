//! Turns JSON from outside into feedback, or says what to fix.

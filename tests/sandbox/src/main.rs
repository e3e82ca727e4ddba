//! A stand-in for Zoho.
fn main() {}

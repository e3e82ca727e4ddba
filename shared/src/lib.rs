//! What the functions of bigin-relay share.

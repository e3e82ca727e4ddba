"""The demo: the whole story on the local stack."""

"""The deployed template, driven from outside."""

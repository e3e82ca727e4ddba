"""The operator's runbook, run: its own commands, word for word, against a local stack."""

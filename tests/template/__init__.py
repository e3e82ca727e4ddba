"""What AWS refuses, forgets or does otherwise, and no linter knows: looked for in the template and the state machine."""

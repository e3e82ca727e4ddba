"""`make smoke-aws`: the story, in an account and a Bigin organisation of one's own."""

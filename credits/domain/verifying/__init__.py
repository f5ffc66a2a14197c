"""The invariants of the books, each recomputed from the rows alone and named by its number."""

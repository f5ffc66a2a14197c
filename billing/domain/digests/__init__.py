"""Digests: what a week changed for customers, whom sales looks after, what support must mend."""

"""What the clock does to licenses and customers, recorded; marked and purged."""

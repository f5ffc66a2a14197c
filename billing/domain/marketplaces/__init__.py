"""What marketplaces send, and what it comes to (docs/rules.md#marketplaces)."""

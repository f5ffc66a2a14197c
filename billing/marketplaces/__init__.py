"""The marketplaces themselves: one package each, that talks to it (settings.MARKETPLACES)."""

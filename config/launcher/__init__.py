"""What stands behind `./portal`: standard library only, for it runs before any package is there."""

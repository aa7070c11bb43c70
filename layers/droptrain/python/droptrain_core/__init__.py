"""droptrain's shared core: drops, runs, and the notices of their ends."""

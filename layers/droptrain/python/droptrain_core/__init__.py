"""droptrain's shared core: what a drop is, how it becomes a run, how a run is followed and announced."""

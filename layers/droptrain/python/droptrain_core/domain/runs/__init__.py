"""A run's life: every legal change of its record, as values."""

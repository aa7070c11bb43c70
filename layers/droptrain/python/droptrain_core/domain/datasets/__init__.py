"""What is dropped: names, readiness, records."""

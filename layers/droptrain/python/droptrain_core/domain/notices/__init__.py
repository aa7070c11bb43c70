"""What people and programs are notified of."""

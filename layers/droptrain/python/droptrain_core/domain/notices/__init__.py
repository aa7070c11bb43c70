"""Notices for people and events for programs."""

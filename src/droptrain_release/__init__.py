"""A release: packages, what is in them, under which licences, and whether vulnerabilities are known."""

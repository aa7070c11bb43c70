"""The console's local server: the page, its calls of the API signed, and what only a local command can do."""

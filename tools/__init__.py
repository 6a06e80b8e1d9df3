"""What makes the project's own pages: the site, the manual pages, the completions. Nothing of it is installed."""

"""chinwag as a service: what systemd is told, when it may kill, and how it is installed."""

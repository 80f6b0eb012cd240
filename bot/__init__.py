"""The core of chinwag: everything between a network's event and the reply that goes back to it."""

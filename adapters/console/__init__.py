"""The terminal as a network: one person, one conversation, one screen."""

from adapters.console.adapter import Console

__all__ = ["Console"]

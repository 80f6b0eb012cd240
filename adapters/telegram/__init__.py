"""Telegram, through python-telegram-bot."""

from adapters.telegram.adapter import Telegram

__all__ = ["Telegram"]

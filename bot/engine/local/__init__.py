"""The local engine: one thread, one model, many conversations.

Importing it loads neither torch nor transformers; the worker thread does, when it starts.
"""

from bot.engine.local.config import LocalConfig
from bot.engine.local.engine import LocalEngine

__all__ = ["LocalConfig", "LocalEngine"]

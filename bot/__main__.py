"""`python -m bot` is `chinwag`."""

import sys

from bot.cli import main

sys.exit(main())

"""For the tests of adapters, plugins and of chinwag itself: a strict network and a virtual clock.

VirtualLoop      an event loop whose time passes only while everybody waits
FakeNetwork      an adapter without a network, as strict as the real ones
conformance      what every adapter must hold, to be run with pytest
telegram         a strict Bot API server on loopback
discord          a strict Discord on loopback: REST, gateway and the people who use it
"""

from bot.testing.clock import VirtualLoop
from bot.testing.network import FakeNetwork

__all__ = ["FakeNetwork", "VirtualLoop"]

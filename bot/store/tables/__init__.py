"""The tables. A change here needs a revision in `migrations/versions`; a test compares the two."""

from bot.store.tables.base import Base as Base
from bot.store.tables.base import Spent as Spent
from bot.store.tables.history import ACTIVE as ACTIVE
from bot.store.tables.history import SHOWN as SHOWN
from bot.store.tables.history import UNDELIVERED as UNDELIVERED
from bot.store.tables.history import ButtonRow as ButtonRow
from bot.store.tables.history import ConversationRow as ConversationRow
from bot.store.tables.history import MessageRow as MessageRow
from bot.store.tables.history import OnceRow as OnceRow
from bot.store.tables.history import PostRow as PostRow
from bot.store.tables.history import TurnRow as TurnRow
from bot.store.tables.people import BucketRow as BucketRow
from bot.store.tables.people import GrantRow as GrantRow
from bot.store.tables.people import PairingRow as PairingRow
from bot.store.tables.people import SettingChangeRow as SettingChangeRow
from bot.store.tables.people import SettingRow as SettingRow
from bot.store.tables.people import UsageRow as UsageRow
from bot.store.tables.people import UserRow as UserRow

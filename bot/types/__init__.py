"""The values that travel between the rooms: frozen, without behaviour beyond themselves.

Knows nothing but the standard library; every other room may import it.
"""

from bot.types.commands import CommandSpec as CommandSpec
from bot.types.commands import Parameter as Parameter
from bot.types.events import Deleted as Deleted
from bot.types.events import Edited as Edited
from bot.types.events import Event as Event
from bot.types.events import Invoked as Invoked
from bot.types.events import Moved as Moved
from bot.types.events import Pressed as Pressed
from bot.types.events import Received as Received
from bot.types.findings import Finding as Finding
from bot.types.findings import Probing as Probing
from bot.types.generation import Chunk as Chunk
from bot.types.generation import Control as Control
from bot.types.generation import EngineStatus as EngineStatus
from bot.types.generation import FinishReason as FinishReason
from bot.types.generation import Logprob as Logprob
from bot.types.generation import ModelInfo as ModelInfo
from bot.types.generation import Progress as Progress
from bot.types.generation import SamplingParams as SamplingParams
from bot.types.generation import Usage as Usage
from bot.types.generation import Waiting as Waiting
from bot.types.messages import Attachment as Attachment
from bot.types.messages import Message as Message
from bot.types.messages import Speaker as Speaker
from bot.types.messages import Turn as Turn
from bot.types.messages import TurnState as TurnState
from bot.types.messages import utcnow as utcnow
from bot.types.modes import ContextMode as ContextMode
from bot.types.modes import RespondMode as RespondMode
from bot.types.modes import ThinkingMode as ThinkingMode
from bot.types.places import ConversationKey as ConversationKey
from bot.types.places import Place as Place
from bot.types.places import Role as Role
from bot.types.places import UserRef as UserRef
from bot.types.posts import Button as Button
from bot.types.posts import File as File
from bot.types.posts import Limits as Limits
from bot.types.posts import Post as Post
from bot.types.posts import PostRef as PostRef
from bot.types.posts import Rate as Rate
from bot.types.posts import Unit as Unit

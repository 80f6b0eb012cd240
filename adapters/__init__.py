"""The networks that chinwag speaks to, each a plugin like anyone else's."""

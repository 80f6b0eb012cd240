"""Plugins that come with chinwag; like any other, they run where the config names them."""

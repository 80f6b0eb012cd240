"""What the bodies of requests must hold, each wrong place named as Discord names it."""

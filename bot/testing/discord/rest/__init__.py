"""The REST API, version 10: routes, bodies, answers."""

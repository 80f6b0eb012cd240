"""Files for whoever runs chinwag on a server; `bot.service.install` fills in the units."""

"""`chinwag doctor`."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

import click

from bot.cli.options import as_json, config_file, named_file

if TYPE_CHECKING:
    from bot.config import Config
    from bot.types import Finding

WIDTH = 24


@click.command()
@as_json
@config_file
def doctor(as_json: bool) -> int:
    """See what is missing, and what to do.

    Looks at all that has to hold before the bot can serve. It asks the networks who the bot is,
    and neither disturbs one that runs nor loads the model.
    """
    import asyncio

    from bot import config, logs
    from bot.secrets import redact

    loaded = config.load(named_file())
    logs.setup("error")
    findings = asyncio.run(_examined(loaded, quiet=as_json))
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(redact(json.dumps([asdict(finding) for finding in findings], indent=2)))
    return 0 if all(finding.ok for finding in findings) else 1


async def _examined(config: Config, *, quiet: bool) -> list[Finding]:
    from bot.doctor import examine
    from bot.secrets import redact

    findings = []
    async for finding in examine(config):
        findings.append(finding)
        if not quiet:
            click.echo(redact(told(finding)))
    return findings


def told(finding: Finding) -> str:
    """`ok`, `!!` for what must be done, `..` for what is worth knowing."""
    mark = ".." if finding.advice else "ok"
    mark = mark if finding.ok else "!!"
    lines = [f"{mark}  {finding.what:<{WIDTH}}  {finding.found}"]
    margin = " " * (WIDTH + 6)
    if finding.advice:
        lines.append(f"{margin}→ {finding.advice}")
    if finding.details:
        lines.append(indent(finding.details, margin))
    return "\n".join(lines)

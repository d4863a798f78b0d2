"""``raccord connect``: companies, source accounts, and everything a person decides about a connection."""

from __future__ import annotations

from raccord.cli.connect.closed import closed
from raccord.cli.connect.days import days
from raccord.cli.connect.file_account import file_account_command
from raccord.cli.connect.file_answer import file_answer_command
from raccord.cli.connect.file_back import file_back_command
from raccord.cli.connect.gaps import backfill_command, gaps, take_back_command
from raccord.cli.connect.gates import gates_command
from raccord.cli.connect.institutions import institutions
from raccord.cli.connect.life import (
    activate_command,
    disconnect_command,
    grant,
    list_,
    pause_command,
    remove_command,
    resume_command,
    schedule,
    switch_command,
    upload,
)
from raccord.cli.connect.link import link
from raccord.cli.connect.quickbooks import end_company, quickbooks
from raccord.cli.connect.repost import repost_command, term
from raccord.cli.connect.roles import choose_command, roles
from raccord.cli.connect.signin import signin
from raccord.cli.connect.source import reconnect_command, settings, source
from raccord.cli.connect.upgrade import upgrade
from raccord.cli.connect.webhook import webhook
from raccord.cli.terminal.words import group


@group(
    "connect",
    "Relier des sociétés et des sources, et décider de leurs connexions.",
    "Connect companies and sources, and decide about their connections.",
)
def command() -> None:
    pass


for _each in (
    quickbooks,
    institutions,
    source,
    list_,
    roles,
    choose_command,
    link,
    term,
    repost_command,
    upload,
    schedule,
    settings,
    file_account_command,
    file_answer_command,
    file_back_command,
    gates_command,
    signin,
    activate_command,
    pause_command,
    resume_command,
    switch_command,
    grant,
    gaps,
    backfill_command,
    take_back_command,
    closed,
    days,
    upgrade,
    webhook,
    disconnect_command,
    remove_command,
    reconnect_command,
    end_company,
):
    command.add_command(_each)

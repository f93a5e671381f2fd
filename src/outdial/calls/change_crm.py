"""Sets an account's CRM. What is secret goes in and never comes out, and stays only with whom it was given for."""

import os
from dataclasses import dataclass, replace

from outdial.calls.crm import CrmDesk, Crms
from outdial.domain.crm import CrmSettings, Flow, HttpRequest, Salesforce, Target, check_crm, goes_elsewhere
from outdial.domain.directory import Account
from outdial.domain.setup import InvalidMember
from outdial.domain.webhooks import secret_of

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Office:
    """What managing CRMs needs."""

    crms: Crms
    desk: CrmDesk


async def set_crm(office: Office, account: Account, wanted: CrmSettings, *, keeps_headers: bool) -> CrmSettings:
    """Set it, in place of what was set; the settings as they are then.

    A secret that is empty, and headers where `keeps_headers`, stay as they are. A new secret that signs is made up.

    Raises:
        BadRequest: something can't be used, or a secret would go to somebody whom it was not given for.
    """
    before = await office.crms.crm(account.key)
    settings = replace(wanted, target=_with_secrets(wanted.target, before, keeps_headers=keeps_headers))
    check_crm(settings, account.private_networks)
    office.desk.check(settings)
    if before is not None:
        settings = replace(settings, created_at=before.created_at)
    await office.crms.put(settings)
    office.desk.changed()
    return settings


def _with_secrets(target: Target, before: CrmSettings | None, *, keeps_headers: bool) -> Target:
    kept = None if before is None or goes_elsewhere(before.target, target) else before.target
    secret = target.secret or (kept.secret if kept else "")
    if isinstance(target, Salesforce):
        if not secret:
            member = "privateKey" if target.flow is Flow.JWT_BEARER else "clientSecret"
            raise InvalidMember(f"salesforce.{member}", "sent, as this URL, flow and client have none yet")
        return replace(target, secret=secret)
    headers = kept.headers if keeps_headers and isinstance(kept, HttpRequest) else target.headers
    return replace(target, secret=secret or secret_of(os.urandom(SECRET_BYTES)), headers=headers)

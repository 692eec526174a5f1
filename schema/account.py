"""What a person does about their own way in: sessions, password, links in mails. For pages, through `client.account`.

None of it is an operation of the schema: it belongs to a browser, and a program has no use for it.
"""

from collections.abc import Callable
from typing import TypedDict, cast

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from counterfoil.access.models import User
from counterfoil.access.problems import Problem
from counterfoil.access.viewer import Viewer
from counterfoil.staff import invitations, passwords, sessions
from counterfoil.staff.invitations import Invited
from counterfoil.staff.sessions import SignedIn
from schema.identity import network_of, workspace_of_request

__all__ = ["Invited", "Refusal", "SignedIn"]


class Refusal(TypedDict):
    """Why nothing was changed, and at which control."""

    field: str
    message: str


def my_sessions(request: HttpRequest) -> list[SignedIn]:
    """Where the person who asks is signed in."""
    return sessions.sessions_of(_me(request), here=request.session.session_key)


def end_session(request: HttpRequest, handle: str) -> Refusal | None:
    """End one of their sessions."""
    return _refusal(lambda: sessions.end_session(user=_me(request), handle=handle))


def end_other_sessions(request: HttpRequest) -> None:
    """End all of their sessions but this one."""
    sessions.end_sessions(user=_me(request), but=request.session.session_key)


def change_password(request: HttpRequest, viewer: Viewer, *, old: str, new: str) -> Refusal | None:
    """Set their password, and end all their sessions but this one."""
    user = _me(request)
    refusal = _refusal(lambda: passwords.change_password(viewer=viewer, user=user, old=old, new=new))
    if refusal is None:
        update_session_auth_hash(request, user)
        end_other_sessions(request)
    return refusal


def ask_reset(request: HttpRequest, email: str) -> bool:
    """Have the link for a new password mailed to a staff member; False when this client asks too often."""
    return passwords.ask_reset(workspace_id=workspace_of_request(request), email=email, address=network_of(request))


def reset_opens(request: HttpRequest, token: str) -> bool:
    """Whether the link of this secret still sets a new password."""
    return passwords.who_may_reset(token, workspace_id=workspace_of_request(request)) is not None


def reset_password(request: HttpRequest, token: str, password: str) -> Refusal | None:
    """Set a new password by the link."""
    return _refusal(
        lambda: passwords.reset_password(workspace_id=workspace_of_request(request), token=token, password=password)
    )


def invitation(request: HttpRequest, token: str) -> Invited | None:
    """What the link of this secret invites to; None when it opens nothing."""
    return invitations.opened(token, workspace_id=workspace_of_request(request))


def accept_invitation(request: HttpRequest, token: str, *, name: str, password: str) -> Refusal | None:
    """Join the staff by the link."""

    def accept() -> None:
        invitations.accept(workspace_id=workspace_of_request(request), token=token, name=name, password=password)

    return _refusal(accept)


def _refusal(act: Callable[[], None]) -> Refusal | None:
    try:
        act()
    except Problem as problem:
        return {"field": problem.field or "", "message": problem.message}
    return None


def _me(request: HttpRequest) -> User:
    return cast(User, request.user)

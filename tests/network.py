"""A world without a network, and one that a test makes up, for the health check of stores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from counterfoil.workspaces.network import Answer, Cause, Unreachable


class Nowhere:
    """Nothing can be reached: what the whole suite is in."""

    def addresses(self, host: str) -> list[str]:
        raise Unreachable(Cause.NO_NAME)

    def get(self, address: str) -> Answer:
        raise Unreachable(Cause.REFUSED)

    def open_mail(self) -> str | None:
        return None


@dataclass
class World:
    """Names, pages by their path, and a mail server, or what goes wrong with them; `asked` is what was asked for."""

    names: list[str] | Cause = field(default_factory=lambda: ["8.8.8.8"])
    pages: Mapping[str, Answer | Cause | Callable[[str], Answer]] = field(default_factory=dict)
    mail: str | Cause | None = "mail.fennel.shop"
    asked: list[str] = field(default_factory=list)

    def addresses(self, host: str) -> list[str]:
        if isinstance(self.names, Cause):
            raise Unreachable(self.names)
        return self.names

    def get(self, address: str) -> Answer:
        self.asked.append(address)
        path = "/" + address.split("/", 3)[3].partition("?")[0]
        answer = self.pages.get(address.partition("?")[0]) or self.pages.get(path, Answer(404))
        if isinstance(answer, Cause):
            raise Unreachable(answer)
        return answer if isinstance(answer, Answer) else answer(address)

    def open_mail(self) -> str | None:
        if isinstance(self.mail, Cause):
            raise Unreachable(self.mail)
        return self.mail

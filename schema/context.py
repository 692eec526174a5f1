"""What every resolver may know of the request: who asks, and from where a stream goes on."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from strawberry.types import Info as StrawberryInfo

from counterfoil.access.viewer import Viewer
from counterfoil.partners.budgets import Payer


@dataclass
class Context:
    """`viewer` is who asks. `resume_after` is the stream position of a client that comes back.

    `still_valid` asks the database whether the viewer's credential still holds; streams ask it while they run, one for
    all that were opened with an equal `credential`. `beat` tells a quiet stream's client that it is there. `payer` pays
    for what comes from outside; the UIs' own operations have none. `on_begin` hears that an operation begins to
    run, and so no longer fails as a request.
    """

    viewer: Viewer
    resume_after: int | None = None
    still_valid: Callable[[], bool] = lambda: True
    credential: Hashable = field(default_factory=object)
    beat: Callable[[], Awaitable[None]] | None = None
    payer: Payer | None = None
    on_begin: Callable[[], None] | None = None
    connection_params: dict[str, Any] = field(default_factory=dict)


type Info = StrawberryInfo[Context, None]

"""What an example is: a task with its steps, each an operation that runs as it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One operation. `takes` says, for each word in capitals in the variables, from which step's answer it comes.

    A path such as `1 orderByNumber.id` is the field of the data that step 1 gave. `problem` is the code of the refusal
    that the step is there to show.
    """

    about: str
    operation: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Task:
    """Something that a program wants to do. `about` is one sentence; `more` are paragraphs after the steps."""

    slug: str
    title: str
    about: str
    steps: tuple[Step, ...]
    more: str = ""

"""What an import came to; its counts add up (IM-3)."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Summary:
    """Counts of rows: `read` = `imported` + `unchanged` + the sums of `skipped` and `rejected`, by reason.

    `first` is the line on which a reason to skip came up first. `made` counts new customers, products, orders and
    returns. `matched` units given back were found in an order; `unmatched` ones were bought before the history begins.
    """

    read: int = 0
    imported: int = 0
    unchanged: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    made: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    unmatched: int = 0
    dry_run: bool = False
    rejects: Path | None = None

    def skip(self, reason: str, line: int) -> None:
        """Count a row that is no part of the history."""
        self.skipped[reason] += 1
        self.first.setdefault(reason, line)

    def facts(self) -> dict[str, object]:
        """For JSON."""
        return {
            "read": self.read,
            "imported": self.imported,
            "unchanged": self.unchanged,
            "skipped": dict(self.skipped),
            "rejected": self.rejected,
            "new": dict(self.made),
            "matched": self.matched,
            "unmatched": self.unmatched,
            "dry_run": self.dry_run,
            "rejects": str(self.rejects) if self.rejects else None,
        }

    def __str__(self) -> str:
        """For people."""
        made = ", ".join(f"{self.made[kind]:,} {kind}" for kind in ("customers", "products", "orders", "returns"))
        lines = [
            f"Rows read     {self.read:>9,}",
            f"  imported    {self.imported:>9,}",
            f"  unchanged   {self.unchanged:>9,}",
            f"  skipped     {self.skipped.total():>9,}",
            *(
                f"    {count:>9,}  {reason}, first in line {self.first[reason]:,}"
                for reason, count in self.skipped.most_common()
            ),
            f"  rejected    {self.rejected:>9,}",
            f"New: {made}.",
            f"Units given back: {self.matched:,} of orders here, {self.unmatched:,} bought before this history begins.",
        ]
        if self.rejects:
            lines.append(
                f"The rejected rows are in {self.rejects}, each with its reason: correct and import that file."
            )
        if self.dry_run:
            lines.append("This was a dry run: nothing was kept.")
        return "\n".join(lines)

"""The nine types of entry in the schema."""

from counterfoil.interactions.models import InteractionType
from schema.enums import describe

__all__ = ["InteractionType"]

describe(
    InteractionType,
    "What an entry of the log is about. None of them starts anything.",
    {
        InteractionType.NOTE: "Something worth knowing.",
        InteractionType.PHONE_CALL: "What was said on the phone.",
        InteractionType.EMAIL: "What was written by mail.",
        InteractionType.COMPLAINT: "What the customer was not content with.",
        InteractionType.COMPLIMENT: "What the customer liked.",
        InteractionType.REFUND_REQUEST: "That the customer asked for money back. It gives none back.",
        InteractionType.RETURN: "That the customer gives something back. It takes nothing back.",
        InteractionType.PREFERENCE_UPDATE: "How the customer wants things to be.",
        InteractionType.OTHER: "Anything else.",
    },
)

"""Customers and the people who speak for them."""

from django.db import models

from counterfoil.access.search import LONGEST_WORD, SearchWord, WordField
from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.workspaces.models import Store


class Customer(TenantModel):
    """The buying business or person. `external_id` is what the system calls it that it came from.

    `link_version` counts the rotations of its link, each of which ends the links of before. One that is not `is_active`
    gets in nowhere; one whose `ordering_blocked` is set orders nothing, and sees everything (AC-9).
    """

    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=200, null=True)
    link_version = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    ordering_blocked = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "external_id"], name="customers_one_external"),
        )
        indexes = (models.Index(fields=["workspace", "name"], name="customers_by_name"),)

    def __str__(self) -> str:
        return self.name


class Contact(TenantModel):
    """A person of a customer, with a mail address. The preference counts once the contact has an account (CN-6).

    `mailbox` is what the address is found by, as `access.text.mailbox_of` writes it.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    mailbox = models.CharField(max_length=320, blank=True)
    has_account = models.BooleanField(default=False)
    wants_mail = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("customer"),
            models.CheckConstraint(
                condition=models.Q(email="", mailbox="") | ~models.Q(email="") & ~models.Q(mailbox=""),
                name="customers_address_has_mailbox",
            ),
        )
        indexes = (models.Index(fields=["workspace", "mailbox"], name="contacts_by_mailbox"),)

    def __str__(self) -> str:
        return self.name


class CustomerWord(SearchWord):
    """A word that a customer is found by: of their name, of a contact's name or mail address, or their external id."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta(SearchWord.Meta):
        constraints = (
            *SearchWord.Meta.constraints,
            same_workspace("customer"),
            models.UniqueConstraint(fields=["customer", "word"], name="customers_word_once"),
        )
        indexes = (models.Index(fields=["workspace", "word", "-customer"], name="customers_by_word"),)


class NameWord(TenantModel):
    """A word of some customer's or contact's name: what a word is corrected to that nothing begins with. It stays when
    the name is gone, so whoever reads it asks whether it still leads anywhere.
    """

    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False)
    word = WordField(max_length=LONGEST_WORD)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "word"], name="customers_name_word_once"),
        )

    def __str__(self) -> str:
        return str(self.word)


class LinkedAccount(TenantModel):
    """One customer points at another (IN-9). A link is two rows, one each way, made and removed together; nothing is
    merged. `reason` says what they have to do with each other, in a line.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="linked")
    other = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("customer"),
            same_workspace("other"),
            models.UniqueConstraint(fields=["customer", "other"], name="customers_linked_once"),
            models.CheckConstraint(condition=~models.Q(customer=models.F("other")), name="customers_linked_to_another"),
        )

    def __str__(self) -> str:
        return f"customer {self.customer_id} and {self.other_id}"


class OneTimeCode(TenantModel):
    """Six digits sent to a mailbox (AC-3): a row for each that was asked for, also where nobody has the address.

    The code stands nowhere: it is made of `seed` and the server's secret when the mail goes out, and a guess is held
    against `digest`, its keyed hash. `mailbox` is a keyed hash too, and `browser` one of what the browser that asked
    holds: guesses from elsewhere are counted on their own, so that a stranger can't use up the tries of who asked.
    """

    mailbox = models.CharField(max_length=64)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="+")
    browser = models.CharField(max_length=64)
    seed = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    tries_elsewhere = models.PositiveSmallIntegerField(default=0)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (*TenantModel.Meta.constraints, same_workspace("contact"))
        indexes = (
            models.Index(fields=["workspace", "mailbox", "-id"], name="customers_newest_code"),
            models.Index(fields=["issued_at"], name="customers_code_age"),
        )

    def __str__(self) -> str:
        return f"one-time code {self.pk}"


class AccountSession(TenantModel):
    """A browser in which a contact is signed in. Its secret stands in the browser's cookie, here its hash."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="sessions")
    digest = models.CharField(max_length=64, unique=True)
    began_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    program = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (*TenantModel.Meta.constraints, same_workspace("contact"))
        indexes = (models.Index(fields=["began_at"], name="customers_session_age"),)

    def __str__(self) -> str:
        return f"account session {self.pk}"


class BrowserContact(TenantModel):
    """The contact that a browser's orders in a store are noted as (AC-5): the one of its first. `digest` is a keyed
    hash of what the shop calls the browser. It opens nothing.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("store"),
            same_workspace("contact"),
            models.UniqueConstraint(fields=["store", "digest"], name="customers_one_contact_of_a_browser"),
        )

    def __str__(self) -> str:
        return f"browser {self.pk}"

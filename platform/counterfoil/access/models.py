"""Users, staff members, partners' clients, access tokens, trusted documents, and the record of mutations done."""

import hashlib
import secrets
from collections.abc import Iterable
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.access.viewer import Role, Viewer, ViewerKind


class UserManager(BaseUserManager["User"]):
    """Users by mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user who signs in with this address."""
        return self.get(email__iexact=(username or "").strip())

    def create_user(self, email: str, password: str) -> "User":
        """A person who can sign in."""
        user = self.model(email=email.strip().lower())
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in to the admin. What they may do stands in their staff memberships."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return f"user {self.pk}"


class Session(AbstractBaseSession):
    """A browser that somebody signed in with, or is about to: when, from which address, with what program."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    began_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    program = models.CharField(max_length=300, blank=True)

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Where sessions are read and written."""
        from counterfoil.access.sessions import SessionStore  # noqa: PLC0415  (which needs this model)

        return SessionStore


class RecoveryCode(models.Model):
    """A code that stands in once for a second factor, kept as a keyed hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class Tries(models.Model):
    """How often something that may be guessed was tried since `began_at`. `key` is a keyed hash of what was tried by
    whom, so that no address stays here in plain.
    """

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField()
    began_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["began_at"], name="access_tries_age"),)

    def __str__(self) -> str:
        return f"{self.count} tries"


class CustomRole(TenantModel):
    """A role of a workspace's own: permissions by name, of those that may be given (`policy.GRANTABLE`)."""

    name = models.CharField(max_length=60)
    permissions = models.JSONField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "name"], name="access_one_role_of_a_name"),
        )

    def __str__(self) -> str:
        return self.name


class InRole(TenantModel):
    """What has one of the built-in roles, or one of the workspace's own: exactly one."""

    role = models.CharField(max_length=20, choices=[(role.value, role.name) for role in Role], blank=True)
    custom_role = models.ForeignKey(CustomRole, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        abstract = True
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("custom_role"),
            models.CheckConstraint(
                condition=models.Q(role="", custom_role__isnull=False)
                | ~models.Q(role="") & models.Q(custom_role=None),
                name="%(app_label)s_%(class)s_in_one_role",
            ),
        )


class StaffMember(InRole):
    """A user's place in one workspace's staff."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    class Meta(InRole.Meta):
        abstract = False
        constraints = (
            *InRole.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "user"], name="access_one_membership"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def viewer(self) -> Viewer:
        """This person, acting. Read `custom_role` along."""
        return Viewer(
            kind=ViewerKind.STAFF,
            workspace_id=self.workspace_id,
            name=self.name,
            staff_id=self.pk,
            role=Role(self.role) if self.role else None,
            permissions=frozenset(self.custom_role.permissions) if self.custom_role else frozenset(),
        )


class Invitation(InRole):
    """An address that may become a staff member, by the link in a mail, until `expires_at`. The link's secret derives
    from the row and `version`; sending it anew makes a new version, and the old link opens nothing.
    """

    email = models.EmailField()
    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    invited_by = models.ForeignKey(StaffMember, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta(InRole.Meta):
        abstract = False
        constraints = (
            *InRole.Meta.constraints,
            same_workspace("invited_by"),
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at=None),
                name="access_one_open_invitation",
            ),
        )

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class PartnerClient(TenantModel):
    """A partner's program, which gets tokens by its secret (AC-11). `scopes` are permissions by name. One that is
    `trusted_only` may send nothing but operations that were registered (GQ-7).
    """

    name = models.CharField(max_length=120)
    client_id = models.CharField(max_length=40, unique=True)
    scopes = models.JSONField()
    trusted_only = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    def acting(self, scopes: Iterable[str]) -> Viewer:
        """The viewer that a token of these scopes makes; what the client has lost meanwhile does not count."""
        return Viewer(
            kind=ViewerKind.PARTNER,
            workspace_id=self.workspace_id,
            name=self.name,
            client_id=self.pk,
            permissions=frozenset(scopes).intersection(self.scopes),
            trusted_only=self.trusted_only,
        )


class ClientSecret(TenantModel):
    """A secret of a client, kept as a hash. One that was replaced is good until `expires_at`."""

    client = models.ForeignKey(PartnerClient, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (*TenantModel.Meta.constraints, same_workspace("client"))

    def __str__(self) -> str:
        return f"secret {self.pk}"


class AccessToken(TenantModel):
    """A bearer token for the API, of a staff member or of a partner's client, kept as a hash: who reads the database
    can't use it. `scopes` are those that a client asked for; what it has lost since does not count.
    """

    staff = models.ForeignKey(StaffMember, on_delete=models.CASCADE, null=True, related_name="tokens")
    client = models.ForeignKey(PartnerClient, on_delete=models.CASCADE, null=True, related_name="tokens")
    scopes = models.JSONField(default=list)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("staff"),
            same_workspace("client"),
            models.CheckConstraint(
                condition=models.Q(staff__isnull=False, client=None) | models.Q(staff=None, client__isnull=False),
                name="access_token_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"access token {self.pk}"

    @staticmethod
    def new_secret() -> str:
        """A fresh token, 256 bits; shown once."""
        return "cft_" + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(secret: str) -> str:
        """What is stored of a token or secret. It is random, so a fast hash is enough."""
        return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


class TrustedDocument(TenantModel):
    """A text of operations that was registered (GQ-7). `digest` is the SHA-256 of its UTF-8, to the byte, in hex;
    `operations` are the names in it, for people.
    """

    digest = models.CharField(max_length=64)
    operations = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "digest"], name="access_one_document_of_a_digest"),
        )

    def __str__(self) -> str:
        return f"document {self.digest}"


class MutationRecord(TenantModel):
    """A mutation that was done: repeating it with the same key gives the same result and changes nothing."""

    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    mutation = models.CharField(max_length=60)
    fingerprint = models.CharField(max_length=64)
    result = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "actor", "key"], name="access_mutation_once"),
        )
        indexes = (models.Index(fields=["created_at"], name="access_mutation_age"),)

    def __str__(self) -> str:
        return f"{self.mutation} {self.key}"

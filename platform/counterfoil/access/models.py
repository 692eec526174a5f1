"""Users, staff members, partners' clients, access tokens, and the record of mutations already done."""

import hashlib
import secrets
from collections.abc import Iterable
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
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


class StaffMember(TenantModel):
    """A user's place in one workspace's staff."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=[(role.value, role.name) for role in Role])
    is_active = models.BooleanField(default=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "user"], name="access_one_membership"),
        )

    def __str__(self) -> str:
        return self.name


class PartnerClient(TenantModel):
    """A partner's program, which gets tokens by its secret (AC-11). `scopes` are permissions by name."""

    name = models.CharField(max_length=120)
    client_id = models.CharField(max_length=40, unique=True)
    scopes = models.JSONField()
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
            scopes=frozenset(scopes).intersection(self.scopes),
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

"""Django settings, all read from the environment. `docs/settings.md` lists every variable."""

import os
import secrets
from pathlib import Path

import dj_database_url
from django.utils.csp import CSP


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


DATA_DIR = Path(os.environ.get("COUNTERFOIL_DATA_DIR") or "var/data").absolute()
DEBUG = _flag("COUNTERFOIL_DEBUG")
DEMO = _flag("COUNTERFOIL_DEMO")
HTTPS = _flag("COUNTERFOIL_HTTPS")


def _secret_key() -> str:
    """The server's secret: from the environment, else from a file that is made once, readable by its owner only."""
    if given := os.environ.get("COUNTERFOIL_SECRET_KEY"):
        return given
    file = DATA_DIR / "secret.key"
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return file.read_text()


SECRET_KEY = _secret_key()
ORDER_KEY_SECRET = os.environ.get("COUNTERFOIL_ORDER_KEY_SECRET") or SECRET_KEY
ALLOWED_HOSTS = (os.environ.get("COUNTERFOIL_HOSTS") or "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("COUNTERFOIL_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "counterfoil.workspaces",
    "counterfoil.access",
    "counterfoil.partners",
    "counterfoil.events",
    "counterfoil.customers",
    "counterfoil.catalog",
    "counterfoil.orders",
    "counterfoil.conversations",
    "counterfoil.interactions",
    "counterfoil.mail",
    "counterfoil.activity",
    "counterfoil.imports",
    "counterfoil.site",
    "schema",
    "admin_ui",
    "portal_ui",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Compressing pages is safe here: Django masks the CSRF token anew in each, and pads what it compresses.
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "counterfoil.site.middleware.in_store_time",
    "schema.accounts.keep_signed_in",
]

ROOT_URLCONF = "counterfoil.site.urls"
ASGI_APPLICATION = "counterfoil.site.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "admin_ui.staff.permissions.may",
                "portal_ui.header.header",
            ],
        },
    }
]

_database = dj_database_url.parse(os.environ.get("COUNTERFOIL_DATABASE") or f"sqlite:///{DATA_DIR}/counterfoil.sqlite3")
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
    }
else:
    _database["CONN_MAX_AGE"] = 0
    # Compiling a search of many conditions took PostgreSQL four times as long as running it.
    _database["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": 20, "timeout": 20},
        "options": f"{os.environ.get('PGOPTIONS', '')} -c jit=off".strip(),
    }
DATABASES = {"default": _database}

# The largest request that is taken, files included; Django's DATA_UPLOAD_MAX_MEMORY_SIZE bounds it without them.
MOST_REQUEST_BYTES = 10 * 2**20
# How many operations run on one WebSocket at a time.
MOST_SUBSCRIPTIONS = int(os.environ.get("COUNTERFOIL_MOST_SUBSCRIPTIONS") or 100)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "access.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/admin/sign-in"
PASSWORD_RESET_TIMEOUT = 3600

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}

# Security. Cookies are Secure and HSTS is sent once the site runs behind HTTPS (COUNTERFOIL_HTTPS=1).
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "counterfoil.access.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Which subdomains there are, and whether browsers ship with the name, is for the domain's owner (docs/decisions/0010).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from beside the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_FAILURE_VIEW = "counterfoil.site.views.csrf_failure"

# Mail goes to an SMTP server, or without one into a folder.
MAILBOX_DIR = DATA_DIR / "mailbox"
if _smtp_host := os.environ.get("COUNTERFOIL_SMTP_HOST"):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": _smtp_host,
                "port": int(os.environ.get("COUNTERFOIL_SMTP_PORT") or 25),
                "username": os.environ.get("COUNTERFOIL_SMTP_USER", ""),
                "password": os.environ.get("COUNTERFOIL_SMTP_PASSWORD", ""),
                "use_tls": _flag("COUNTERFOIL_SMTP_TLS"),
                "timeout": 20,
            },
        }
    }
else:
    MAILERS = {"default": {"BACKEND": "counterfoil.mail.mailbox.MailboxBackend"}}

# How a store's health check reaches out.
STORE_NETWORK = "counterfoil.workspaces.network.Network"

# Celery: a broker in a folder by default, Redis or RabbitMQ by its address.
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = os.environ.get("COUNTERFOIL_BROKER") or "filesystem://localhost"
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT = "counterfoil.site.folder_broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR),
        "data_folder_out": str(BROKER_DIR),
        "polling_interval": 0.2,
    }
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # its broadcasts need a broker that is a server
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Where processes share what they only count, such as token buckets; without one that is the database.
REDIS_URL = os.environ.get("COUNTERFOIL_REDIS") or (CELERY_BROKER_URL if CELERY_BROKER_URL.startswith("redis") else "")

# How many days a customer stays signed in who does not come back, and how many hours the proof of a mailbox counts that
# strict security asks for.
ACCOUNT_DAYS = _number("COUNTERFOIL_ACCOUNT_DAYS", 30)
STRICT_HOURS = _number("COUNTERFOIL_STRICT_HOURS", 12)

# What a program may ask of the API, in points (schema/cost.py).
COST_OF_A_REQUEST = _number("COUNTERFOIL_COST_OF_A_REQUEST", 150_000)
COST_OF_AN_EVENT = _number("COUNTERFOIL_COST_OF_AN_EVENT", 5_000)
COST_A_MINUTE = _number("COUNTERFOIL_COST_A_MINUTE", 5_000_000)
COST_A_MINUTE_AND_NETWORK = _number("COUNTERFOIL_COST_A_MINUTE_AND_NETWORK", 1_000_000)
# Who is told what the schema is: everybody, programs (whoever has a token), nobody.
INTROSPECTION = os.environ.get("COUNTERFOIL_INTROSPECTION") or ("everybody" if DEBUG or DEMO else "programs")

# Everyone who reads the event log, by a name that must never change.
EVENT_READERS = {"mail": "counterfoil.mail.reader.read", "activity": "counterfoil.activity.reader.read"}
# What holds customers' words too, and changes with them in the same transaction: features above the customers.
FOLLOWERS_OF_CUSTOMERS_WORDS = ["counterfoil.orders.words.follow_customers"]

# One handler writes everything, and takes the secrets out; whatever would bring handlers of its own loses them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_secrets": {"()": "counterfoil.site.logs.NoSecrets"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_secrets"]}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("COUNTERFOIL_LOG_LEVEL", "WARNING")},
    "loggers": {
        "django": {"handlers": [], "level": "NOTSET"},  # the level that is asked for is Django’s too
        "django.server": {"handlers": [], "propagate": True},
    },
}

"""The settings under test: the product's own, with a database of their own and nothing that leaves the process."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TEMPORARY = Path(tempfile.mkdtemp(prefix="counterfoil-tests-"))
atexit.register(shutil.rmtree, TEMPORARY, ignore_errors=True)
POSTGRESQL = os.environ.get("COUNTERFOIL_TEST_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = os.environ.get("COUNTERFOIL_TEST_REDIS") or "redis://127.0.0.1:6379/9"

for name in [name for name in os.environ if name.startswith("COUNTERFOIL_") and "_TEST_" not in name]:
    if name != "COUNTERFOIL_REQUIRE_SERVICES":
        del os.environ[name]
os.environ["COUNTERFOIL_DATA_DIR"] = str(TEMPORARY)
os.environ["COUNTERFOIL_SECRET_KEY"] = "for-tests-only"
os.environ["COUNTERFOIL_BROKER"] = "memory://"
os.environ["COUNTERFOIL_DEMO"] = "1"
os.environ["COUNTERFOIL_COST_A_MINUTE_AND_NETWORK"] = str(10**9)  # all tests come from one address
os.environ["COUNTERFOIL_HOSTS"] = "testserver,localhost,127.0.0.1,fennel.test,other.test"
if os.environ.get("COUNTERFOIL_TEST_DATABASE") == "postgresql":
    os.environ["COUNTERFOIL_DATABASE"] = POSTGRESQL

from counterfoil.site.settings import *  # noqa: E402, F403
from counterfoil.site.settings import DATABASES, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and processes must meet in it, as they do in production.
    DATABASES["default"]["TEST"] = {"NAME": str(TEMPORARY / "test.sqlite3")}
else:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 0, "max_size": 10, "timeout": 20}}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STORE_NETWORK = "tests.network.Nowhere"

"""The WSGI application, for servers that answer pages, queries and mutations alone.

Streams need the ASGI application, `counterfoil.site.asgi`: over WSGI each would hold a worker for as long as it is
open.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")

application = get_wsgi_application()

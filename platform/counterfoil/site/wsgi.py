"""The WSGI application, for workers that answer pages beside the ASGI application.

Streams need the latter, `counterfoil.site.asgi`: here each would hold a worker for as long as it is open.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")

application = get_wsgi_application()

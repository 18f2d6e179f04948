import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings.production")

application = get_wsgi_application()

# What was loaded at the start stays for good: the collector need not walk it with every request.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 10, 10)

"""The version of a network's schema: a hash over the names of all migrations of the network apps."""

from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from pkgutil import iter_modules

from django.apps import apps
from django.conf import settings


@lru_cache(maxsize=1)
def network_migrations() -> frozenset[tuple[str, str]]:
    """Return every (app label, migration name) that a network's schema must have, as the code on disk says."""
    names: set[tuple[str, str]] = set()
    for app in apps.get_app_configs():
        if app.name not in settings.TENANT_APPS:
            continue
        try:
            package = import_module(f"{app.name}.migrations")
        except ModuleNotFoundError:
            continue
        names.update(
            (app.label, module.name)
            for module in iter_modules(package.__path__)
            if not module.name.startswith("_")
        )
    return frozenset(names)


@lru_cache(maxsize=1)
def code_head() -> str:
    """Return the version that the running code expects, 16 hexadecimal digits."""
    text = "\n".join(sorted(f"{app}.{name}" for app, name in network_migrations()))
    return sha256(text.encode()).hexdigest()[:16]

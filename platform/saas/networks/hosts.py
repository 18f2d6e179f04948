"""Host names: how they are compared, and which subdomains a network may choose."""

import re
from typing import Final

import idna
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from saas.networks.errors import SubdomainRefused

_LABEL: Final = re.compile(r"^[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])$")

RESERVED: Final = frozenset(
    [
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "adm",
        "api",
        "apis",
        "app",
        "apps",
        "assets",
        "auth",
        "autoconfig",
        "autodiscover",
        "backup",
        "beta",
        "billing",
        "blog",
        "bot",
        "book",
        "booking",
        "broadcasthost",
        "cabinet",
        "careers",
        "cdn",
        "chat",
        "ci",
        "client",
        "clients",
        "cms",
        "console",
        "contact",
        "cookie",
        "crm",
        "dashboard",
        "demo-admin",
        "dev",
        "developer",
        "developers",
        "dns",
        "docs",
        "download",
        "email",
        "example",
        "export",
        "faq",
        "feed",
        "file",
        "files",
        "finance",
        "forum",
        "ftp",
        "git",
        "grafana",
        "graphql",
        "health",
        "healthz",
        "help",
        "host",
        "hosting",
        "hostmaster",
        "hr",
        "http",
        "https",
        "id",
        "image",
        "images",
        "imap",
        "img",
        "info",
        "internal",
        "invoice",
        "ipv4",
        "ipv6",
        "irc",
        "isatap",
        "jobs",
        "js",
        "kb",
        "legal",
        "livez",
        "localdomain",
        "localhost",
        "login",
        "logout",
        "lk",
        "mail",
        "mailer-daemon",
        "mailer",
        "manage",
        "manager",
        "marketing",
        "media",
        "metrics",
        "mobile",
        "monitor",
        "mx",
        "my",
        "mysql",
        "network",
        "networks",
        "news",
        "nobody",
        "noc",
        "noreply",
        "no-reply",
        "ns",
        "ns1",
        "ns2",
        "ns3",
        "oauth",
        "office",
        "operator",
        "operators",
        "ops",
        "owner",
        "owners",
        "partner",
        "partners",
        "pay",
        "payment",
        "payments",
        "platform",
        "polyclinic",
        "pop",
        "pop3",
        "portal",
        "postgres",
        "postmaster",
        "press",
        "pricing",
        "privacy",
        "private",
        "prod",
        "production",
        "prometheus",
        "proxy",
        "public",
        "readyz",
        "redis",
        "register",
        "remote",
        "root",
        "rss",
        "sandbox",
        "sales",
        "search",
        "secure",
        "security",
        "sentry",
        "server",
        "service",
        "shop",
        "signin",
        "signup",
        "sip",
        "sitemap",
        "smtp",
        "sms",
        "spam",
        "sso",
        "staff",
        "stage",
        "staging",
        "stat",
        "static",
        "stats",
        "status",
        "store",
        "stripe",
        "support",
        "sys",
        "sysadmin",
        "system",
        "sysop",
        "team",
        "terms",
        "test",
        "testing",
        "tls",
        "tools",
        "undefined",
        "null",
        "unsubscribe",
        "update",
        "upload",
        "user",
        "users",
        "usenet",
        "uucp",
        "vpn",
        "web",
        "webhook",
        "webhooks",
        "webmail",
        "webmaster",
        "widget",
        "wiki",
        "wpad",
        "ws",
        "www",
        "www1",
        "www2",
        "www3",
        "xn",
        "yandex",
    ]
)

_LOOKALIKES: Final = str.maketrans("015", "ols")
"""Digits that read as letters in a subdomain: `l0calhost`, `1ogin`, `5upport`."""


def normalise_host(host: str) -> str:
    """Return the host as it is stored and compared: lower case, ASCII (punycode), no port, no trailing dot.

    A host that is not a legal name comes back as the empty string, which no domain has.
    """
    name = host.strip().lower()
    if name.startswith("["):
        return ""
    name = name.partition(":")[0].rstrip(".")
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""


def network_host(slug: str) -> str:
    """Return the host under which the platform serves the network with this slug."""
    return f"{slug}.{settings.PLATFORM_HOST}"


def clean_subdomain(text: str) -> str:
    """Return the subdomain in its stored form. Raises SubdomainRefused saying what to change.

    Only the form and the reserved words are checked here; whether it is free is the database's to say.
    """
    slug = text.strip().lower()
    if not slug:
        raise SubdomainRefused(_("Please choose an address."), code="subdomain_empty")
    if not slug.isascii() or slug.startswith("xn--") or "--" in slug:
        raise SubdomainRefused(
            _(
                "Use Latin letters, digits and single hyphens: a look-alike alphabet could pose as another clinic."
            ),
            code="subdomain_lookalike",
        )
    if not _LABEL.match(slug):
        raise SubdomainRefused(
            _("Use 3 to 40 Latin letters, digits or hyphens, beginning and ending with a letter or a digit."),
            code="subdomain_invalid",
        )
    if slug.isdigit():
        raise SubdomainRefused(_("Use at least one letter."), code="subdomain_invalid")
    if slug in RESERVED or slug.translate(_LOOKALIKES) in RESERVED:
        raise SubdomainRefused(
            _("This address is reserved for the platform. Please choose another."), code="subdomain_reserved"
        )
    return slug


def platform_url(path: str = "/") -> str:
    """Return an absolute address on the public site."""
    return f"{settings.PLATFORM_SCHEME}://{settings.PLATFORM_HOST}{_port_suffix()}{path}"


def network_url(primary_host: str, path: str = "/") -> str:
    """Return an absolute address on a network's primary host."""
    return f"{settings.PLATFORM_SCHEME}://{primary_host}{_port_suffix()}{path}"


def _port_suffix() -> str:
    return f":{settings.PLATFORM_PORT}" if settings.PLATFORM_PORT not in (80, 443) else ""

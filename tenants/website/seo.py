"""What search engines and link previews read: canonical addresses, descriptions, schema.org data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from saas.networks.hosts import network_url
from saas.networks.requests import network_of
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor

_ESCAPES: Final = {
    ord(">"): "\\u003E",
    ord("<"): "\\u003C",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
_DESCRIPTION: Final = 160
_NOTHING: Final = SafeString("")


@dataclass(frozen=True, slots=True)
class Seo:
    """The head of a page. `canonical` and `image_url` are absolute addresses, `data` is a ready script element."""

    title: str
    description: str
    canonical: str
    image_url: str = ""
    data: SafeString = _NOTHING


def describe(
    request: HttpRequest,
    *,
    title: str,
    description: str = "",
    path: str | None = None,
    image_path: str = "",
    data: Mapping[str, Any] | None = None,
) -> Seo:
    """Return the head of a page of the entered network. `path` without it is the request's own, query left out."""
    return Seo(
        title=title,
        description=Truncator(" ".join(description.split())).chars(_DESCRIPTION),
        canonical=absolute(request, path or request.path),
        image_url=absolute(request, image_path) if image_path else "",
        data=json_ld(data, nonce=str(getattr(request, "csp_nonce", ""))) if data else _NOTHING,
    )


def absolute(request: HttpRequest, path: str) -> str:
    """Return the address on the network's primary host; an address that is absolute already stays."""
    network = network_of(request)
    if network is None or "://" in path:
        return path
    return network_url(network.primary_host, path)


def json_ld(data: Mapping[str, Any], *, nonce: str) -> SafeString:
    """Return the data as a script element that no text inside it can close."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False).translate(_ESCAPES)
    body = mark_safe(text)  # noqa: S308 - every character that HTML knows is escaped above
    return format_html('<script type="application/ld+json" nonce="{}">{}</script>', nonce, body)


def clinic_data(request: HttpRequest, clinic: Clinic) -> dict[str, Any]:
    """schema.org's MedicalClinic."""
    data: dict[str, Any] = {
        "@type": "MedicalClinic",
        "@id": absolute(request, f"/clinics/{clinic.slug}/"),
        "name": clinic.name,
        "url": absolute(request, f"/clinics/{clinic.slug}/"),
        "telephone": clinic.phone,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": clinic.address,
            "addressLocality": clinic.city,
        },
    }
    if clinic.coordinates:
        data["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": clinic.coordinates.get("lat"),
            "longitude": clinic.coordinates.get("lon"),
        }
    return data


def doctor_data(
    request: HttpRequest, doctor: Doctor, *, titles: list[str], clinics: list[Clinic]
) -> dict[str, Any]:
    """schema.org's Physician; the rating only when somebody gave one."""
    data: dict[str, Any] = {
        "@type": "Physician",
        "name": doctor.user.get_full_name(),
        "url": absolute(request, f"/doctors/{doctor.slug}/"),
        "medicalSpecialty": titles,
        "hospitalAffiliation": [clinic_data(request, clinic) for clinic in clinics],
    }
    if doctor.photo_url:
        data["image"] = absolute(request, doctor.photo_url)
    if doctor.reviews_count:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": str(doctor.rating),
            "reviewCount": doctor.reviews_count,
            "bestRating": 5,
        }
    return data

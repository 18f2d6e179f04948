"""What the content does when something happens elsewhere."""

from django.dispatch import receiver
from wagtail.signals import page_published, page_unpublished, post_page_move

from saas.networks.actions import NetworkProfile
from saas.networks.context import NetworkRef
from saas.networks.signals import network_provisioned
from tenants.cms.menu import forget_menu
from tenants.cms.provisioning import create_site


@receiver(network_provisioned, dispatch_uid="cms.create_site")
def build_first_pages(
    sender: object, *, network: NetworkRef, profile: NetworkProfile, **_kwargs: object
) -> None:
    create_site(network=network, name=profile.name)


@receiver((page_published, page_unpublished, post_page_move), dispatch_uid="cms.forget_menu")
def refresh_menu(sender: object, **_kwargs: object) -> None:
    forget_menu()

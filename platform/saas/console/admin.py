"""Lists and cards of the console. Rows are looked at and acted upon here, hardly ever edited."""

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.billing.models import Plan, PlanPrice
from saas.console.operations import OPERATIONS, Operation
from saas.console.site import console_site
from saas.console.words import EVENTS, event_words, figure_words, plan_name_field, plan_name_of
from saas.core.errors import DomainError
from saas.networks.hosts import network_url
from saas.networks.lifecycle import NetworkState, states_with_schema
from saas.networks.models import Domain, Network, PlatformEvent, SpareSchema
from saas.networks.provisioning.heads import code_head

_STATE_COLOURS = {
    NetworkState.PROVISIONING: "info",
    NetworkState.TRIAL: "info",
    NetworkState.ACTIVE: "success",
    NetworkState.PAST_DUE: "warning",
    NetworkState.SUSPENDED: "danger",
    NetworkState.CLOSED: "danger",
    NetworkState.PURGED: "danger",
}


class _LookOnly:
    """No adding, changing or deleting by form."""

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class SchemaFilter(admin.SimpleListFilter):
    title = gettext_lazy("schema")
    parameter_name = "schema"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Django's signature
        return [
            ("current", _("current")),
            ("outdated", _("behind the code")),
            ("failed", _("migration failed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Network]) -> QuerySet[Network]:
        conditions = {
            "current": Q(schema_head=code_head()),
            "outdated": Q(state__in=states_with_schema()) & ~Q(schema_head=code_head()),
            "failed": ~Q(migration_error=""),
        }
        value = self.value()
        return queryset.filter(conditions[value]) if value in conditions else queryset


class PlanFilter(admin.SimpleListFilter):
    title = gettext_lazy("plan")
    parameter_name = "plan"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Django's signature
        return list(Plan.objects.values_list("code", plan_name_field()))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Network]) -> QuerySet[Network]:
        return queryset.filter(plan_code=self.value()) if self.value() else queryset


class EventFilter(admin.SimpleListFilter):
    title = gettext_lazy("event")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Django's signature
        return [(code, str(words)) for code, words in EVENTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PlatformEvent]) -> QuerySet[PlatformEvent]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class _EventWords:
    """An event by its words."""

    @display(description=gettext_lazy("event"), ordering="action")
    def shown_action(self, event: PlatformEvent) -> str:
        return event_words(event.action)


class DomainInline(_LookOnly, TabularInline):
    model = Domain
    fields = readonly_fields = ("domain", "is_primary", "created_at")
    extra = 0


class EventInline(_EventWords, _LookOnly, TabularInline):
    model = PlatformEvent
    fields = readonly_fields = ("at", "shown_action", "actor_id", "data")
    extra = 0
    verbose_name_plural = gettext_lazy("log")


@admin.register(Network, site=console_site)
class NetworkAdmin(_LookOnly, ModelAdmin):
    """One query for the rows, one for all their domains, whatever their number."""

    list_display = (
        "shown_name",
        "shown_state",
        "shown_plan",
        "doctors",
        "appointments",
        "shown_schema",
        "trial_ends_at",
        "created_at",
    )
    list_display_links = ("shown_name",)
    list_filter = ("state", SchemaFilter, PlanFilter, "language", "is_canary")
    search_fields = ("name", "slug", "schema_name", "owner_email", "domains__domain")
    ordering = ("-created_at", "-id")
    list_per_page = 50
    show_full_result_count = False
    inlines = (DomainInline, EventInline)
    change_form_before_template = "saas/console/network_operations.html"
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": (
                    "name", "address", "state", "state_reason", "shown_plan", "trial_ends_at", "owner_email",
                )
            },
        ),
        (
            gettext_lazy("Region"),
            {"fields": ("language", "country", "currency", "time_zone")},
        ),
        (
            gettext_lazy("Schema"),
            {
                "fields": (
                    "shown_schema_name", "schema_status", "schema_head", "migrated_at", "migration_error",
                    "provisioned_at", "provisioning_error", "is_canary",
                )
            },
        ),
        (gettext_lazy("Usage"), {"fields": ("shown_usage", "usage_at")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Network]:
        rows = super().get_queryset(request).prefetch_related("domains")
        named: QuerySet[Network] = rows.annotate(plan_name=plan_name_of())
        return named

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return tuple(name for _title, options in self.fieldsets for name in options["fields"])

    @display(description=gettext_lazy("network"), header=True, ordering="name")
    def shown_name(self, network: Network) -> list[str]:
        return [network.name, ", ".join(domain.domain for domain in network.domains.all())]

    @display(description=gettext_lazy("state"), label=_STATE_COLOURS, ordering="state")
    def shown_state(self, network: Network) -> tuple[str, str]:
        return network.state, network.get_state_display()

    @display(description=gettext_lazy("plan"), ordering="plan_code")
    def shown_plan(self, network: Network) -> str:
        return str(getattr(network, "plan_name", None) or network.plan_code)

    @display(description=gettext_lazy("doctors"))
    def doctors(self, network: Network) -> str:
        return str(network.usage.get("doctors", "–"))

    @display(description=gettext_lazy("appointments"))
    def appointments(self, network: Network) -> str:
        return str(network.usage.get("appointments", "–"))

    @display(
        description=gettext_lazy("schema"),
        label={"current": "success", "outdated": "warning", "failed": "danger", "none": "info"},
    )
    def shown_schema(self, network: Network) -> tuple[str, str]:
        if network.migration_error or network.provisioning_error:
            return "failed", _("failed")
        if network.state not in states_with_schema():
            return "none", _("none")
        if network.schema_head == code_head():
            return "current", _("current")
        return "outdated", _("behind the code")

    @display(description=gettext_lazy("schema"))
    def schema_status(self, network: Network) -> str:
        return str(self.shown_schema(network)[1])

    @display(description=gettext_lazy("schema name"))
    def shown_schema_name(self, network: Network) -> str:
        return str(network.schema_name)

    @display(description=gettext_lazy("address"))
    def address(self, network: Network) -> str:
        return format_html_join(
            " ",
            '<a href="{}" rel="noopener">{}</a>',
            ((network_url(d.domain), d.domain) for d in network.domains.all()),
        )

    @display(description=gettext_lazy("figures"))
    def shown_usage(self, network: Network) -> str:
        if not network.usage:
            return _("not counted yet")
        figures = ((figure_words(name), count) for name, count in sorted(network.usage.items()))
        return format_html_join("", "<div>{}: {}</div>", figures)

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<int:network_id>/do/<slug:operation>/",
            self.admin_site.admin_view(self.operate),
            name="networks_network_operate",
        )
        return [own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        network = self.get_object(request, object_id)
        offered = [
            {"label": operation.label, "url": _operation_url(network, operation)}
            for operation in OPERATIONS.values()
            if network is not None and network.state in operation.states
        ]
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "operations": offered}
        )
        return response

    def operate(self, request: HttpRequest, network_id: int, operation: str) -> HttpResponse:
        """Ask first, act on POST only; a refusal is shown beside the question and nothing typed is lost."""
        chosen = OPERATIONS.get(operation)
        network = Network.objects.filter(pk=network_id).first()
        if chosen is None or network is None:
            raise Http404
        form = chosen.form(request.POST if request.method == "POST" else None)
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                outcome = chosen.perform(cast("User", request.user), network, form.cleaned_data)
            except DomainError as error:
                form.add_error(None, str(error))
                status = error.status
            else:
                messages.success(request, outcome.message)
                back = reverse("console:networks_network_change", args=[network.pk])
                return HttpResponseRedirect(outcome.redirect or back)
        elif request.method == "POST":
            status = 400
        context = {
            **self.admin_site.each_context(request),
            "title": chosen.label,
            "opts": self.opts,
            "network": network,
            "operation": chosen,
            "form": form,
        }
        return render(request, "saas/console/operation.html", context, status=status)


@admin.register(PlatformEvent, site=console_site)
class PlatformEventAdmin(_EventWords, _LookOnly, ModelAdmin):
    list_display = ("at", "shown_action", "network", "actor_id", "request_id")
    list_filter = (EventFilter,)
    search_fields = ("action", "network__name", "network__slug", "request_id")
    list_select_related = ("network",)
    show_full_result_count = False
    fields = readonly_fields = (
        "at", "shown_action", "action", "network", "actor_id", "data", "request_id",
    )  # fmt: skip


@admin.register(SpareSchema, site=console_site)
class SpareSchemaAdmin(_LookOnly, ModelAdmin):
    list_display = fields = readonly_fields = ("schema_name", "schema_head", "created_at")


class _PriceInline(TabularInline):
    """What the plan costs for a month, a row per currency."""

    model = PlanPrice
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True


@admin.register(Plan, site=console_site)
class PlanAdmin(_LookOnly, ModelAdmin):
    """Prices and limits can be changed; plans come and go by migration, because networks point at their codes."""

    list_display = ("shown_name", "code", "is_public")
    readonly_fields = ("code",)
    inlines = (_PriceInline,)

    @display(description=gettext_lazy("plan"))
    def shown_name(self, plan: Plan) -> str:
        return str(getattr(plan, plan_name_field()))

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True


@admin.register(User, site=console_site)
class UserAdmin(_LookOnly, ModelAdmin):
    """Owners and operators. People of a network live in its own schema and are not visible here."""

    list_display = ("email", "shown_role", "is_active", "last_login", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("email", "first_name", "last_name")
    fields = readonly_fields = (
        "email",
        "first_name",
        "last_name",
        "role",
        "language",
        "is_active",
        "last_login",
        "created_at",
    )
    ordering = ("-created_at",)

    @display(
        description=gettext_lazy("role"),
        label={Role.OPERATOR: "warning", Role.OWNER: "info"},
        ordering="role",
    )
    def shown_role(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()


def _operation_url(network: Network, operation: Operation) -> str:
    return reverse("console:networks_network_operate", args=[network.pk, operation.code])

import datetime as dt
import re
import threading
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.actions import is_subdomain_free
from saas.networks.context import network_context, public_context
from saas.networks.errors import SubdomainRefused
from saas.networks.models import Network
from saas.onboarding import actions, tasks
from saas.onboarding.actions import Wishes
from saas.onboarding.codes import CODE_LIFE
from saas.onboarding.errors import (
    CodeExpired,
    NotConfirmed,
    ResendTooSoon,
    TooManyGuesses,
    TooManyLetters,
    WrongCode,
)
from saas.onboarding.models import SignUp
from tests.saas.onboarding.conftest import PASSWORD, code_in_last_letter

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def begin(*, email: str = "owner@example.org", slug: str = "severnaya", language: str = "ru") -> SignUp:
    wishes = Wishes(
        clinic_name="Северная клиника",
        slug=slug,
        country="RU",
        time_zone="Asia/Yekaterinburg",
        currency="RUB",
        language=language,
        plan_code="clinic",
    )
    return actions.begin_sign_up(
        wishes=wishes, email=email, password=PASSWORD, request_key=uuid4(), now=timezone.now()
    )


def confirm(sign_up: SignUp, code: str, *, later: dt.timedelta = dt.timedelta(0)) -> User | None:
    return actions.confirm_email(sign_up_id=sign_up.pk, code=code, now=timezone.now() + later)[1]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_sign_up_ends_in_a_running_network_with_its_owner(public_schema: None) -> None:
    sign_up = begin()
    user = confirm(sign_up, code_in_last_letter())
    actions.open_network(sign_up_id=sign_up.pk)

    network = Network.objects.get(slug="severnaya")
    assert user is not None
    assert (user.role, user.is_patient, user.is_staff, user.check_password(PASSWORD)) == (
        Role.OWNER,
        False,
        False,
        True,
    )
    assert (network.state, network.plan_code, network.owner_email) == ("trial", "clinic", "owner@example.org")
    with network_context(network.schema_name):
        owner = User.objects.get(email="owner@example.org")
        assert owner.role == Role.OWNER
        assert not owner.has_usable_password()
        assert EmailAddress.objects.get(user=owner).verified
    assert "severnaya" in mail.outbox[-1].body
    assert SignUp.objects.get().password == ""


def test_the_code_is_nowhere_in_the_database(public_schema: None) -> None:
    sign_up = begin()

    row = SignUp.objects.values().get(pk=sign_up.pk)
    assert code_in_last_letter() not in str(
        {key: value for key, value in row.items() if key != "request_key"}
    )
    assert PASSWORD not in str(row)


def test_a_wrong_code_makes_nothing_and_says_how_many_are_left(public_schema: None) -> None:
    sign_up = begin()
    code = code_in_last_letter()

    with pytest.raises(WrongCode) as caught:
        confirm(sign_up, wrong(code))

    assert caught.value.params == {"left": 4}
    assert not User.objects.exists()
    assert confirm(sign_up, code) is not None


def test_five_wrong_codes_close_the_door_to_the_right_one(public_schema: None) -> None:
    sign_up = begin()
    code = code_in_last_letter()
    for _attempt in range(5):
        with pytest.raises(WrongCode):
            confirm(sign_up, wrong(code))

    with pytest.raises(TooManyGuesses):
        confirm(sign_up, code)


def test_parallel_guesses_share_the_five(public_schema: None) -> None:
    sign_up = begin()
    code = code_in_last_letter()
    outcomes: list[str] = []

    def guess() -> None:
        try:
            with public_context():
                confirm(sign_up, wrong(code))
        except (WrongCode, TooManyGuesses) as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("wrong_code") == 5
    assert outcomes.count("too_many_guesses") == 7


def test_an_old_code_is_refused_and_a_new_one_works(public_schema: None) -> None:
    sign_up = begin()
    with pytest.raises(CodeExpired):
        confirm(sign_up, code_in_last_letter(), later=CODE_LIFE)

    actions.request_another_code(sign_up_id=sign_up.pk, now=timezone.now() + dt.timedelta(seconds=61))

    assert len(mail.outbox) == 2
    assert confirm(sign_up, code_in_last_letter()) is not None


def test_letters_are_spaced_and_few(public_schema: None) -> None:
    sign_up = begin()
    now = timezone.now()
    with pytest.raises(ResendTooSoon) as caught:
        actions.request_another_code(sign_up_id=sign_up.pk, now=now)
    assert 0 < caught.value.params["retry_after"] <= 60

    for minute in range(2, 6):
        actions.request_another_code(sign_up_id=sign_up.pk, now=now + dt.timedelta(minutes=minute))
    with pytest.raises(TooManyLetters):
        actions.request_another_code(sign_up_id=sign_up.pk, now=now + dt.timedelta(minutes=10))
    assert len(mail.outbox) == 5


def test_an_e_mail_with_an_account_gets_word_of_it_and_no_code(public_schema: None) -> None:
    User.objects.create_user("owner@example.org", PASSWORD, role=Role.OWNER, is_patient=False)

    sign_up = begin(email="Owner@Example.org")

    assert not re.search(r"\b\d{6}\b", str(mail.outbox[0].body))
    assert "/accounts/login/" in mail.outbox[0].body
    with pytest.raises(WrongCode):
        confirm(sign_up, "123456")
    assert User.objects.count() == 1


@pytest.mark.parametrize(("language", "word"), [("ru", "Код действует"), ("en", "The code is good")])
def test_the_letter_is_in_the_language_of_the_sign_up(public_schema: None, language: str, word: str) -> None:
    begin(language=language)

    (letter,) = mail.outbox
    assert word in letter.body
    assert isinstance(letter, EmailMultiAlternatives)
    ((content, kind),) = letter.alternatives
    html = str(content)
    assert kind == "text/html"
    assert word in html
    assert code_in_last_letter() in html
    assert f'<html lang="{language}">' in html


def test_a_double_submit_is_one_sign_up(public_schema: None) -> None:
    sign_up = begin()
    again = actions.begin_sign_up(
        wishes=Wishes("Северная клиника", "severnaya", "RU", "Europe/Moscow", "RUB", "ru", "trial"),
        email="owner@example.org",
        password=PASSWORD,
        request_key=sign_up.request_key,
        now=timezone.now(),
    )

    assert again.pk == sign_up.pk
    assert len(mail.outbox) == 1


def test_a_code_sent_twice_changes_nothing_the_second_time(public_schema: None) -> None:
    sign_up = begin()
    code = code_in_last_letter()
    confirm(sign_up, code)

    assert confirm(sign_up, code) is None
    assert User.objects.count() == 1


def test_nothing_opens_before_the_e_mail_is_confirmed(public_schema: None) -> None:
    sign_up = begin()

    with pytest.raises(NotConfirmed):
        actions.open_network(sign_up_id=sign_up.pk)
    assert is_subdomain_free("severnaya")


def test_two_sign_ups_race_for_one_address(public_schema: None) -> None:
    sign_ups = [begin(email="one@example.org"), begin(email="two@example.org")]
    codes = [re.findall(r"\b\d{6}\b", str(letter.body))[0] for letter in mail.outbox]
    for sign_up, code in zip(sign_ups, codes, strict=True):
        confirm(sign_up, code)
    outcomes: dict[int, str] = {}
    barrier = threading.Barrier(2)

    def race(sign_up: SignUp) -> None:
        try:
            with public_context():
                barrier.wait()
                actions.open_network(sign_up_id=sign_up.pk)
            outcomes[sign_up.pk] = "won"
        except SubdomainRefused as error:
            outcomes[sign_up.pk] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[sign_up]) for sign_up in sign_ups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes.values()) == ["subdomain_taken", "won"]
    loser = SignUp.objects.get(network=None)
    assert (loser.clinic_name, loser.time_zone, loser.plan_code) == (
        "Северная клиника",
        "Asia/Yekaterinburg",
        "clinic",
    )
    actions.open_network(sign_up_id=loser.pk, slug="severnaya-2")
    assert Network.objects.get(slug="severnaya-2").state == "trial"


def test_a_submit_repeated_while_opening_makes_one_network(public_schema: None) -> None:
    sign_up = begin()
    confirm(sign_up, code_in_last_letter())
    actions.open_network(sign_up_id=sign_up.pk)
    actions.open_network(sign_up_id=sign_up.pk)

    assert Network.objects.filter(slug__startswith="severnaya").count() == 1


def test_sweep_sends_what_a_lost_nudge_left_and_erases_the_stale(public_schema: None) -> None:
    lost, stale = begin(email="lost@example.org"), begin(email="stale@example.org")
    mail.outbox.clear()
    minute_ago = timezone.now() - dt.timedelta(minutes=1)
    SignUp.objects.filter(pk=lost.pk).update(is_mail_due=True, code_requested_at=minute_ago)
    SignUp.objects.filter(pk=stale.pk).update(created_at=timezone.now() - dt.timedelta(days=2))

    tasks.sweep()

    assert [letter.to for letter in mail.outbox] == [["lost@example.org"]]
    assert list(SignUp.objects.values_list("pk", flat=True)) == [lost.pk]

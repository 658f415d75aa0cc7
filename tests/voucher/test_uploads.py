"""Files that a provider sends: no more in a day than anybody needs, and none of another provider's is handed out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.history import Who
from brochure.models import Photo
from providers import papers
from providers.models import Document
from providers.paper_files import Kept
from tests import factories
from voucher.views.provider import uploads

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 %%EOF"


@pytest.fixture
def huw(caerphilly):
    return factories.provider_staff(factories.provider(caerphilly, name="Huw’s boats"), "huw@provider.example")


def show(client, number):
    file = SimpleUploadedFile("x.pdf", PDF + b"\n" * number)
    return client.post(reverse("provider:paper", args=["safeguarding"]), {"file": file})


def test_only_so_many_files_a_day_are_looked_at_and_another_provider_goes_on(client, bryn, huw, monkeypatch):
    monkeypatch.setattr(uploads, "UPLOADS_A_DAY", 2)
    client.force_login(bryn)
    assert [show(client, number).status_code for number in (1, 2, 3)] == [302, 302, 429]
    offer = factories.offer(bryn.provider_posts.get().provider)
    photo = SimpleUploadedFile("x.jpg", b"no photo")
    page = reverse("provider:offer_photos", args=[offer.number])
    assert client.post(page, {"photo": photo, "alt_en": "A garden"}).status_code == 429
    # Whatever carries no file is not counted.
    assert client.post(page, {"alt_en": "A garden"}).status_code == 200
    client.force_login(huw)
    assert show(client, 1).status_code == 302

    assert Document.objects.filter(provider__staff__user=bryn).count() == 2


def test_a_paper_is_handed_out_as_a_file_and_only_to_its_own_people(client, bryn_cafe, bryn, huw, now):
    file = Kept("application/pdf", "pdf", PDF)
    paper = papers.add(provider=bryn_cafe, kind="safeguarding", file=file, by=Who(bryn), now=now)
    address = reverse("provider:paper_file", args=[paper.pk])
    client.force_login(bryn)
    answer = client.get(address)

    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    client.force_login(huw)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("state", ["waiting", "refused", "removed"])
def test_a_photo_that_is_not_shown_is_there_for_its_own_people_at_most(state, client, bryn_cafe, bryn, huw, carys, now):
    offer = factories.offer(bryn_cafe)
    photo = Photo.objects.create(
        **{"offer": offer, "key": "k" * 22, "alt_en": "A garden", "state": state, "added_at": now},
        **{"width": 1, "height": 1, "small": b"small", "large": b"large"},
        reason="It shows a face" if state == "refused" else "",
    )
    address = reverse("photo", args=[photo.key, "small"])
    own = 404 if state == "removed" else 200

    for person, expected in ((None, 404), (huw, 404), (bryn, own), (carys, own)):
        client.logout()
        if person:
            client.force_login(person)
        answer = client.get(address)
        assert answer.status_code == expected
        assert expected == 404 or answer["Cache-Control"] == "private, no-store"

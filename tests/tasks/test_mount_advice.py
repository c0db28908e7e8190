"""The advisor's answers."""

import os

import pytest

import dockyard
from conftest import spelled
from dockyard.tasks import Port
from dockyard.tasks.mount_advice import Needs, advise
from dockyard.tasks.mounting import APACHE_ROOT

ALL = [Needs(*(bool(number >> place & 1) for place in range(4))) for number in range(16)]


@pytest.mark.parametrize("needs", ALL, ids=spelled)
def test_every_answer_has_a_kind_that_fits_a_reason_and_a_line_that_is_taken(needs):
    advice = advise(needs)
    assert (advice.kind == "bind") == needs.edited
    assert (advice.kind == "tmpfs") == (not needs.lasts and not needs.edited)
    assert advice.reasons
    assert advice.cautions
    assert dockyard.parse(advice.task.command) == advice.task
    assert advice.task.mounts[0].kind == advice.kind


def test_what_is_edited_on_the_host_is_a_folder():
    advice = advise(Needs(edited=True))
    folder = os.path.abspath("apa_folder")
    assert advice.first == f"mkdir -p {folder}"
    assert advice.task.command == (f"docker run --name apa000ex20 -d -p 8090:80 -v {folder}:{APACHE_ROOT} httpd")
    assert any("edited on the host" in reason for reason in advice.reasons)
    assert not any("Another machine" in caution for caution in advice.cautions)


def test_a_folder_that_must_work_anywhere_is_warned_of():
    assert any("Another machine" in caution for caution in advise(Needs(edited=True, independent=True)).cautions)


def test_what_must_last_is_a_volume():
    advice = advise(Needs())
    assert advice.first == "docker volume create apa000vol1"
    assert advice.task.command == f"docker run --name apa000ex21 -d -p 8091:80 -v apa000vol1:{APACHE_ROOT} httpd"
    assert len(advise(Needs(simple=True, independent=True)).reasons) == 3


def test_what_need_not_last_is_in_memory():
    advice = advise(Needs(lasts=False))
    assert advice.first == ""
    assert advice.task.command == "docker run -d --tmpfs /scratch:size=64m httpd"


def test_one_s_own_names_are_taken():
    advice = advise(
        Needs(edited=True), image="busybox", target="/data", source="~/work", name="mine", ports=(Port(80, 1),)
    )
    assert advice.task.command == (f"docker run --name mine -d -p 1:80 -v {os.path.expanduser('~/work')}:/data busybox")

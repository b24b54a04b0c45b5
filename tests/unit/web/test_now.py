"""The view of now: what each file is said to go through, and in which order."""

from dataclasses import replace

from page_values import FOLDER, MODEL, NOW
from scanmend.control.values import Gathering, Incomplete, Sample, Waiting, Work
from scanmend.web.now import folder_cards, holds, memory, place, plot_cards, summary, troubles, unload_at


def card(**changes):
    """The only folder, changed so."""
    return folder_cards(replace(NOW, folders=(replace(FOLDER, **changes),)))[0]


def test_a_file_in_work_tells_its_page_and_how_far_it_is():
    file = card(working=(Work("i", "invoices", "a.pdf", "reading", 3, 12),)).files[0]
    assert (file.chip, file.done, file.pages) == ("being read, page 3 of 12", 2, 12)


def test_a_stage_without_pages_is_told_without():
    assert card(working=(Work("i", "invoices", "a.pdf", "writing", None, None),)).files[0].chip == "being written"


def test_files_in_work_come_first_and_those_that_arrive_last():
    cards = card(
        working=(Work("1", "f", "works", "reading", 1, 1),),
        waiting=(Waiting("2", "f", "waits", "waiting", "the model rests", NOW.at),),
        incomplete=(Incomplete("half", "its end is missing", NOW.at),),
        arriving=("half", "new"),
        in_inbox=2,
    )
    assert [file.name for file in cards.files] == ["works", "waits", "half", "new"]
    assert cards.files[1].why == "the model rests"
    assert cards.files[2].chip == "is not whole"


def test_files_that_will_be_one_document_are_told_together():
    gathering = Gathering("scan", ("scan_1", "scan_2"), 3, NOW.at, NOW.at)
    (file, other) = card(gathering=(gathering,), arriving=("scan_1", "new"), in_inbox=2).files
    assert (file.name, file.chip, other.name) == ("scan", "gathers files", "new")
    assert file.why == "scan_1, scan_2 and 1 more; complete once no more of it come"


def test_what_is_not_named_is_counted():
    assert card(arriving=("a",), in_inbox=41).more == 40
    assert card(working=tuple(Work(str(i), "f", "a", "reading", 1, 1) for i in range(70))).more == 20


def test_a_trouble_is_told_apart_from_its_remedy():
    found = card(trouble="/srv/out is read-only; the owner is root; mount it writable")
    assert found.trouble == "/srv/out is read-only; the owner is root"
    assert found.remedy == "mount it writable"
    assert found.chip == ("cannot be used", "no")
    assert card(trouble="no space left").remedy == ""
    assert troubles(replace(NOW, troubles=("a; b", "c"))) == (("a", "b"), ("c", ""))


def test_a_paused_folder_says_so_and_its_files_stay():
    found = card(paused_since=NOW.at, arriving=("a",), in_inbox=1)
    assert found.chip == ("paused", "num")
    assert found.files[0].chip == "stays"


def test_there_is_a_plot_of_gpu_memory_only_where_there_is_a_gpu():
    assert [c.id for c in plot_cards(NOW)] == ["ram", "pages"]
    with_gpu = replace(NOW, gpu_total_mib=24576.0, samples=(Sample(NOW.at, 90.0, 512.0),))
    assert [c.id for c in plot_cards(with_gpu)] == ["ram", "gpu", "pages"]
    assert plot_cards(with_gpu)[1].value == "512 MiB of 24.0 GiB"


def test_a_plot_says_in_words_what_it_shows():
    assert plot_cards(NOW)[0].spoken == "Memory over the last hour: 300 MiB now, between 90 MiB and 300 MiB."
    assert "Pages finished in the last hour: 7" in plot_cards(NOW)[1].spoken


def test_before_the_first_sample_there_is_none_to_tell():
    assert plot_cards(replace(NOW, samples=()))[0].value == "no sample yet"


def test_the_countdown_ends_when_the_model_is_unloaded():
    assert unload_at(MODEL, NOW) == 1795867200.0 + 120
    assert unload_at(replace(MODEL, unload_in_s=None), NOW) is None


def test_it_is_told_what_a_model_holds():
    assert holds(MODEL) == "312 MiB of RAM"
    assert holds(replace(MODEL, gpu_mib=2150.4)) == "312 MiB of RAM, 2.1 GiB of GPU memory"
    assert holds(replace(MODEL, ram_mib=None)) == "nothing any more"


def test_it_is_told_where_a_model_runs():
    assert place(MODEL) == "CPU"
    assert place(replace(MODEL, ran_on="GPU", gpu_layers=12)) == "GPU, 12 of 30 layers on the GPU"


def test_the_summary_counts_what_a_person_would_ask_for():
    folder = replace(FOLDER, in_inbox=2, working=(Work("1", "f", "a", "reading", 1, 1),), paused_since=NOW.at)
    told = summary(replace(NOW, folders=(folder,)))
    assert told == "1 document in work, 2 waiting, 1 folder paused, model loaded"


def test_much_memory_is_told_in_gib():
    assert (memory(312), memory(4300)) == ("312 MiB", "4.2 GiB")

"""docs/notices.md shows what people get."""

from e2e import notices_page


def test_the_page_shows_one_of_each_kind_as_the_laptop_cloud_sends_it() -> None:
    written = notices_page.PAGE.read_text("utf-8")
    assert notices_page.shape(notices_page.text()) == notices_page.shape(written), "make docs"

"""The names of months, in the languages that people read Listener's sources in."""

from __future__ import annotations

import unicodedata

# January to December, as they stand in a date; where a language has two forms of a name, both. The languages that come
# first have the word where an abbreviation stands for two months (Finnish "mar").
_NAMES = (
    "january february march april may june july august september october november december",
    "januar februar marz april mai juni juli august september oktober november dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gener febrer marc abril maig juny juliol agost setembre octubre novembre desembre",  # Catalan
    "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "jaenner/janner feber maerz/mrz april mai juni juli august september oktober november dezember",  # Austrian
    "januari februari mars april maj juni juli augusti september oktober november december",  # Swedish
    "januar februar marts april maj juni juli august september oktober november desember",  # Danish, Norwegian
    (
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesakuuta heinakuuta elokuuta syyskuuta lokakuuta"
        " marraskuuta joulukuuta"
    ),
    (
        "stycznia/styczen lutego/luty marca/marzec kwietnia/kwiecien maja czerwca/czerwiec lipca/lipiec "
        "sierpnia/sierpien wrzesnia/wrzesien pazdziernika listopada grudnia/grudzien"
    ),
    (
        "ledna/leden unora brezna/brezen dubna/duben kvetna/kveten cervna/cerven cervence/cervenec srpna/srpen zari"
        " rijna/rijen listopadu prosince/prosinec"
    ),
    "januar februar marcius aprilis majus junius julius augusztus szeptember oktober november december",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "januari februari maret april mei juni juli agustus september oktober november desember",  # Indonesian
    (
        "января/январь февраля/февраль марта апреля/апрель мая/май июня/июнь июля/июль августа сентября/сентябрь"
        " октября/октябрь ноября/ноябрь декабря/декабрь"
    ),
    (
        "січня/січень лютого/лютий березня/березень квітня/квітень травня/травень червня/червень липня/липень"
        " серпня/серпень вересня/вересень жовтня/жовтень листопада грудня/грудень"
    ),
    (
        "ιανουαριου/ιανουαριος φεβρουαριου/φεβρουαριος μαρτιου/μαρτιος απριλιου/απριλιος μαιου/μαιος ιουνιου/ιουνιος"
        " ιουλιου/ιουλιος αυγουστου/αυγουστος σεπτεμβριου/σεπτεμβριος οκτωβριου/οκτωβριος νοεμβριου/νοεμβριος"
        " δεκεμβριου/δεκεμβριος"
    ),
    "يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر نوفمبر ديسمبر",
    "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
)
_SHORTEST = 3  # letters of an abbreviation


def folded(text: str) -> str:
    """In lower case, without marks, in ordinary digits and without what steers the direction of writing."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    kept = (char for char in apart if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", "".join(kept))


def _abbreviations() -> dict[str, int]:
    """Every beginning of a name that stands for one month in its language."""
    found: dict[str, int] = {}
    for language in _NAMES:
        own: dict[str, int] = {}
        for month, names in enumerate(language.split(), start=1):
            for name in map(folded, names.split("/")):
                for length in range(_SHORTEST, len(name) + 1):
                    own[name[:length]] = month if own.get(name[:length], month) == month else 0
        found = {**own, **found}
    return found


_MONTHS = _abbreviations()


def month_of(name: str) -> int:
    """The number of a month by its name or an abbreviation of it; 0 for anything else."""
    return _MONTHS.get(folded(name), 0)

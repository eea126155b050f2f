"""What GDELT calls languages and countries, and the codes that everybody else has for them."""

from __future__ import annotations

import re
import unicodedata

# fmt: off
# The name, the code of a post's language (ISO 639-1), the code that `sourcelang:` takes (ISO 639-3).
_LANGUAGES = """
afrikaans af afr, albanian sq sqi, arabic ar ara, armenian hy hye, azerbaijani az aze, basque eu eus, belarusian be bel,
bengali bn ben, bosnian bs bos, bulgarian bg bul, burmese my mya, catalan ca cat, chinese zh zho, croatian hr hrv,
czech cs ces, danish da dan, dutch nl nld, english en eng, estonian et est, finnish fi fin, french fr fra,
galician gl glg, georgian ka kat, german de deu, greek el ell, gujarati gu guj, hebrew he heb, hindi hi hin,
hungarian hu hun, icelandic is isl, indonesian id ind, italian it ita, japanese ja jpn, kannada kn kan, kazakh kk kaz,
khmer km khm, korean ko kor, latvian lv lav, lithuanian lt lit, macedonian mk mkd, malay ms msa, malayalam ml mal,
marathi mr mar, mongolian mn mon, nepali ne nep, norwegian no nor, persian fa fas, polish pl pol, portuguese pt por,
punjabi pa pan, romanian ro ron, russian ru rus, serbian sr srp, sinhalese si sin, slovak sk slk, slovenian sl slv,
somali so som, spanish es spa, swahili sw swa, swedish sv swe, tamil ta tam, telugu te tel, thai th tha, tibetan bo bod,
turkish tr tur, ukrainian uk ukr, urdu ur urd, uzbek uz uzb, vietnamese vi vie
"""
_COUNTRIES = """
AD andorra, AE united arab emirates, AF afghanistan, AG antigua and barbuda, AI anguilla, AL albania, AM armenia,
AO angola, AR argentina, AS american samoa, AT austria, AU australia, AW aruba, AZ azerbaijan, BA bosnia herzegovina,
BA bosnia and herzegovina, BB barbados, BD bangladesh, BE belgium, BF burkina faso, BG bulgaria, BH bahrain, BI burundi,
BJ benin, BM bermuda, BN brunei, BO bolivia, BR brazil, BS bahamas, BS the bahamas, BS bahamas the, BT bhutan,
BW botswana, BY belarus, BZ belize, CA canada, CD democratic republic of the congo, CD congo democratic republic,
CF central african republic, CG congo, CG republic of the congo, CH switzerland, CI cote divoire, CI ivory coast,
CK cook islands, CL chile, CM cameroon, CN china, CO colombia, CR costa rica, CU cuba, CV cape verde, CY cyprus,
CZ czech republic, CZ czechia, DE germany, DJ djibouti, DK denmark, DM dominica, DO dominican republic, DZ algeria,
EC ecuador, EE estonia, EG egypt, ER eritrea, ES spain, ET ethiopia, FI finland, FJ fiji, FK falkland islands,
FM micronesia, FO faroe islands, FR france, GA gabon, GB united kingdom, GD grenada, GE georgia, GF french guiana,
GG guernsey, GH ghana, GI gibraltar, GL greenland, GM gambia, GM the gambia, GM gambia the, GN guinea, GP guadeloupe,
GQ equatorial guinea, GR greece, GT guatemala, GU guam, GW guinea bissau, GY guyana, HK hong kong, HN honduras,
HR croatia, HT haiti, HU hungary, ID indonesia, IE ireland, IL israel, IM isle of man, IN india, IQ iraq, IR iran,
IS iceland, IT italy, JE jersey, JM jamaica, JO jordan, JP japan, KE kenya, KG kyrgyzstan, KH cambodia, KI kiribati,
KM comoros, KN saint kitts and nevis, KP north korea, KR south korea, KW kuwait, KY cayman islands, KZ kazakhstan,
LA laos, LB lebanon, LC saint lucia, LI liechtenstein, LK sri lanka, LR liberia, LS lesotho, LT lithuania,
LU luxembourg, LV latvia, LY libya, MA morocco, MC monaco, MD moldova, ME montenegro, MG madagascar,
MH marshall islands, MK macedonia, MK north macedonia, ML mali, MM burma, MM myanmar, MN mongolia, MO macau, MO macao,
MP northern mariana islands, MQ martinique, MR mauritania, MS montserrat, MT malta, MU mauritius, MV maldives,
MW malawi, MX mexico, MY malaysia, MZ mozambique, NA namibia, NC new caledonia, NE niger, NG nigeria, NI nicaragua,
NL netherlands, NO norway, NP nepal, NR nauru, NZ new zealand, OM oman, PA panama, PE peru, PF french polynesia,
PG papua new guinea, PH philippines, PK pakistan, PL poland, PR puerto rico, PS gaza strip, PS west bank, PS palestine,
PT portugal, PW palau, PY paraguay, QA qatar, RE reunion, RO romania, RS serbia, RU russia, RW rwanda, SA saudi arabia,
SB solomon islands, SC seychelles, SD sudan, SE sweden, SG singapore, SI slovenia, SK slovakia, SK slovak republic,
SL sierra leone, SM san marino, SN senegal, SO somalia, SR suriname, SS south sudan, ST sao tome and principe,
SV el salvador, SY syria, SZ swaziland, SZ eswatini, TC turks and caicos islands, TD chad, TG togo, TH thailand,
TJ tajikistan, TL east timor, TL timor leste, TM turkmenistan, TN tunisia, TO tonga, TR turkey, TT trinidad and tobago,
TV tuvalu, TW taiwan, TZ tanzania, UA ukraine, UG uganda, US united states, UY uruguay, UZ uzbekistan, VA vatican city,
VC saint vincent and the grenadines, VE venezuela, VG british virgin islands, VI virgin islands, VN vietnam, VU vanuatu,
WS samoa, XK kosovo, YE yemen, ZA south africa, ZM zambia, ZW zimbabwe
"""
# fmt: on
_ROWS = tuple(row.split() for row in _LANGUAGES.replace("\n", " ").split(","))
LANGUAGES = {name: code for name, code, _ in _ROWS}
THREE_LETTERS = {code: three for _, code, three in _ROWS}
_CODES = {row.strip()[3:]: row.strip()[:2] for row in _COUNTRIES.replace("\n", " ").split(",")}


def country(name: str) -> str | None:
    """The ISO 3166 code of a country; None for a name nobody has listed."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(letter)
    )
    return _CODES.get(" ".join(re.sub(r"[^a-z ]", " ", re.sub(r"['’]", "", bare)).split()))

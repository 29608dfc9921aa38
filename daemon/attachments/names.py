"""Names for strangers' files on a share: no way out of their folder, nothing that a double click runs."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 120  # characters, and
LONGEST_BYTES = 200  # bytes: file systems take 255, and the folder's path counts on Windows
BLOCKED = ".blocked"

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # on Windows, and `:` would name a stream of the file
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE
)
_SHELL_NAMES = frozenset({"desktop.ini", "autorun.inf", "thumbs.db", "folder.htt"})

# What Windows, macOS or a desktop of Linux runs, installs, mounts or follows at a double click; scripts that a browser
# or an Office program would run with them.
_RUNNING = frozenset(
    """
    action ade adp ani apk app appimage application appref-ms appx appxbundle asp aspx asx bas bash
    bat cab cer chm class cmd cnt com command cpl crt csh cur deb der desktop diagcab diagcfg
    diagpkg dll dmg docm dotm drv elf exe fish fxp gadget grp hlp hpj hta htc htm html img inf ins
    iqy iso isp its jar jnlp job js jse jsp ksh lib library-ms lnk mad maf mag mam maq mar mas mat
    mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtml mpkg msc msh msh1 msh1xml msh2 msh2xml mshxml
    msi msix msixbundle msp mst msu ocx one onepkg ops oqy osd out php pif pkg pl plg potm ppam ppsm
    pptm prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 pst py pyc pyo pyw
    pyz pyzw rb rdp reg rgs rpm rqy run scf scpt scr sct search-ms service settingcontent-ms sh shb
    shs shtm shtml sldm slk snap svg svgz swf sys sysx terminal theme themepack udl url vb vbe vbp
    vbs vhd vhdx vmdk vsmacros vsw vxd webloc webpnp website wim wll workflow ws wsb wsc wsf wsh
    xbap xht xhtml xla xlam xll xlm xlsb xlsm xltm xnk xps xsl xslt zsh
    """.split()  # noqa: SIM905 # as a list of strings it would be two hundred lines
)


def safe_name(name: str) -> str:
    """Return a name that is one file in any folder of any system, as like the given one as can be; never empty."""
    text = "".join(_kept(sign) for sign in unicodedata.normalize("NFC", name))
    text = _FORBIDDEN.sub("_", text).strip().lstrip(".").rstrip(". ")
    text = _shortened(text or "file")
    if _RESERVED.fullmatch(text):
        text = f"_{text}"
    return f"{text}{BLOCKED}" if _runs(text) else text


def file_names(names: Iterable[str]) -> list[str]:
    """Return safe names in the same order, no two of them the same to a system that ignores case."""
    given: list[str] = []
    taken: set[str] = set()
    for name in names:
        safe = wanted = safe_name(name)
        count = 1
        while _folded(safe) in taken:
            count += 1
            safe = _numbered(wanted, count)
        taken.add(_folded(safe))
        given.append(safe)
    return given


def _kept(sign: str) -> str:
    """Return a character as it may stand in a name: none that is invisible or turns the direction of writing."""
    category = unicodedata.category(sign)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category == "Zs" else sign


def _shortened(text: str) -> str:
    stem, ending = _split(text)
    while stem and (len(stem) + len(ending) > LONGEST or len(f"{stem}{ending}".encode()) > LONGEST_BYTES):
        stem = stem[:-1].rstrip(". ")
    return f"{stem or 'file'}{ending}"


def _split(text: str) -> tuple[str, str]:
    """Return a name without its ending, and the ending with its dot; a long ending is none."""
    stem, dot, ending = text.rpartition(".")
    return (stem, dot + ending) if stem and len(ending) <= 20 else (text, "")


def _numbered(name: str, count: int) -> str:
    blocked = BLOCKED if name.endswith(BLOCKED) else ""
    stem, ending = _split(name.removesuffix(BLOCKED))
    return f"{stem} ({count}){ending}{blocked}"


def _runs(name: str) -> bool:
    """Tell whether a double click on a file of this name may run something."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    ending = plain.rpartition(".")[2].strip() if "." in plain else ""
    return ending in _RUNNING or ending.startswith("{") or plain in _SHELL_NAMES


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()

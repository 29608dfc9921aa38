"""What no line of the product may do, read from its sources: trust blindly, run what it was sent, follow XML outside.

Each rule has its few exceptions by file, with the reason; a new one has to be argued for here.
"""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.test_imports import OURS, ROOT, files_of

Found = Iterator[tuple[int, str]]  # line and what stands there

# Starts processes: only our own interpreter with our own modules, never what anybody sent.
STARTS_PROCESSES = {
    "parsers/reading_process.py": "the limited child that reads strangers' files",
    "daemon/demo/servers.py": "the demo's own IMAP server",
    "daemon/demo/stage.py": "the demo's own daemon",
}
# Reads XML: every one of these parsers refuses a DTD, so that there are no entities (tests/sheets/test_patch.py).
READS_XML = {
    "sheets/parts.py": "the patcher's bounded reader",
    "sheets/generation.py": "a workbook's custom properties",
    "parsers/spreadsheet_xml.py": "workbooks saved as one XML file, inside the limited child",
}
# Opens a workbook with openpyxl, which builds trees of what it is given.
OPENS_WORKBOOKS = {
    "parsers/grid_readers.py": "inside the limited child, after a look for a DTD",
    "daemon/demo/judge.py": "the demo's own workbook",
}
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "execfile"}
UNSAFE_MODULES = {
    "pickle": "runs what it reads",
    "cPickle": "runs what it reads",
    "dill": "runs what it reads",
    "marshal": "crashes on what it reads",
    "shelve": "is pickle",
    "yaml": "may construct anything",
    "xml.etree": "expands entities",
    "xml.dom": "expands entities",
    "xml.sax": "may fetch entities",
    "lxml": "may fetch entities",
    "telnetlib": "speaks in the clear",
    "ftplib": "speaks in the clear",
    "urllib.request": "opens file:// too",
    "code": "runs text",
    "pdb": "runs text",
}
HARMLESS_PARTS = {"xml.sax.saxutils"}
TRUSTS_BLINDLY = {
    "CERT_NONE",
    "CERT_OPTIONAL",
    "_create_unverified_context",
    "_create_stdlib_context",
    "SSLContext",
    "disable_warnings",
    "OP_LEGACY_SERVER_CONNECT",
}
SWITCHES = {
    "check_hostname": False,
    "verify": False,
    "verify_mode": 0,
    "verify_certificate": False,
    "shell": True,
}
NEEDS = {  # what a call has to name: our context, which verifies; the host that a certificate is to be for
    "SMTP_SSL": "context",
    "starttls": "context",
    "IMAP4_SSL": "ssl_context",
    "MailBox": "ssl_context",
    "MailBoxStartTls": "ssl_context",
    "MailBoxTls": "ssl_context",
    "HTTPSConnection": "context",
    "wrap_socket": "server_hostname",
}
PROCESS_CALLS = {"run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"}
OS_RUNS = {
    "system",
    "popen",
    "spawnl",
    "spawnv",
    "spawnvp",
    "execv",
    "execve",
    "execvp",
    "posix_spawn",
    "startfile",
}


def name_of(call: ast.Call) -> str:
    """The last part of what is called."""
    called = call.func
    return (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def blind_trust(tree: ast.AST) -> Found:
    """Certificates that are not looked at, and connections made without a context of ours."""
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in TRUSTS_BLINDLY and not _is_annotation(node, tree):
            yield node.lineno, name  # type: ignore[attr-defined] # both kinds have a line
    for call in calls(tree):
        if (needed := NEEDS.get(name_of(call))) and needed not in {word.arg for word in call.keywords}:
            yield call.lineno, f"{name_of(call)} without {needed}"
        if name_of(call) == "create_default_context" and {word.arg for word in call.keywords} - {"cafile"}:
            yield call.lineno, "create_default_context with more than a CA file"


def _is_annotation(node: ast.AST, tree: ast.AST) -> bool:
    """Tell whether a name only says of what type something is."""
    said = [
        each.annotation
        for each in ast.walk(tree)
        if isinstance(each, ast.arg | ast.AnnAssign) and each.annotation
    ]
    said += [each.returns for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.returns]
    return any(node is inside for one in said for inside in ast.walk(one))


def switches(tree: ast.AST) -> Found:
    """Safety that is switched off by an argument or an assignment."""
    for call in calls(tree):
        for word in call.keywords:
            if (
                word.arg in SWITCHES
                and isinstance(word.value, ast.Constant)
                and word.value.value == SWITCHES[word.arg]
            ):
                yield call.lineno, f"{word.arg}={word.value.value}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and SWITCHES.get(target.attr, ...) == node.value.value:
                    yield node.lineno, f"{target.attr} = {node.value.value}"


def text_run(tree: ast.AST) -> Found:
    """Text that is run as a program, and shells."""
    for call in calls(tree):
        called = call.func
        if isinstance(called, ast.Name) and called.id in RUNS_TEXT:
            yield call.lineno, called.id
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id == "os"
        ) and called.attr in OS_RUNS:
            yield call.lineno, f"os.{called.attr}"


def unsafe_modules(tree: ast.AST) -> Found:
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name not in HARMLESS_PARTS and any(
                name == bad or name.startswith(f"{bad}.") for bad in UNSAFE_MODULES
            ):
                yield node.lineno, name  # type: ignore[attr-defined] # imports have a line


def processes(tree: ast.AST) -> Found:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(
            alias.name in ("subprocess", "multiprocessing") for alias in node.names
        ):
            yield node.lineno, "subprocess"
        if isinstance(node, ast.ImportFrom) and node.module in (
            "subprocess",
            "multiprocessing",
            "asyncio.subprocess",
        ):
            yield node.lineno, "subprocess"


def xml_readers(tree: ast.AST) -> Found:
    return ((call.lineno, "ParserCreate") for call in calls(tree) if name_of(call) == "ParserCreate")


def opened_workbooks(tree: ast.AST) -> Found:
    return ((call.lineno, "load_workbook") for call in calls(tree) if name_of(call) == "load_workbook")


RULES: dict[str, tuple[Callable[[ast.AST], Found], dict[str, str]]] = {
    "trusts a certificate blindly": (blind_trust, {}),
    "switches safety off": (switches, {}),
    "runs text": (text_run, {}),
    "imports what is unsafe": (unsafe_modules, {}),
    "starts a process": (processes, STARTS_PROCESSES),
    "reads XML with a parser of its own": (xml_readers, READS_XML),
    "opens a workbook with openpyxl": (opened_workbooks, OPENS_WORKBOOKS),
}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_source_breaks_a_rule(rule: str) -> None:
    found, exceptions = RULES[rule]
    broken = []
    for package in sorted(OURS):
        for path in files_of(package):
            name = path.relative_to(ROOT).as_posix()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            broken += [f"{name}:{line} {what}" for line, what in found(tree) if name not in exceptions]
    assert not broken, f"{rule}: {broken}"


@pytest.mark.parametrize("rule", sorted(rule for rule in RULES if RULES[rule][1]))
def test_no_exception_outlives_its_reason(rule: str) -> None:
    found, exceptions = RULES[rule]
    for name in exceptions:
        assert list(found(ast.parse((ROOT / name).read_text(encoding="utf-8")))), f"{name} no longer {rule}"


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("trusts a certificate blindly", "context.verify_mode = ssl.CERT_NONE"),
        ("trusts a certificate blindly", "ssl._create_unverified_context()"),
        ("trusts a certificate blindly", "context = ssl.SSLContext()"),
        ("trusts a certificate blindly", "context.wrap_socket(plain)"),
        ("trusts a certificate blindly", "smtplib.SMTP_SSL(host, port)"),
        ("trusts a certificate blindly", "connection.starttls()"),
        ("trusts a certificate blindly", "MailBox(host, port, timeout=1)"),
        ("trusts a certificate blindly", "ssl.create_default_context(purpose=ssl.Purpose.CLIENT_AUTH)"),
        ("switches safety off", "context.check_hostname = False"),
        ("switches safety off", "requests.get(url, verify=False)"),
        ("switches safety off", "run('ls', shell=True)"),
        ("runs text", "eval(text)"),
        ("runs text", "os.system(name)"),
        ("imports what is unsafe", "import pickle"),
        ("imports what is unsafe", "from xml.etree import ElementTree"),
        ("imports what is unsafe", "import yaml"),
        ("starts a process", "import subprocess"),
        ("starts a process", "from subprocess import run"),
        ("reads XML with a parser of its own", "expat.ParserCreate()"),
        ("opens a workbook with openpyxl", "load_workbook(content)"),
    ],
)
def test_the_rule_sees_what_it_is_for(rule: str, source: str) -> None:
    assert list(RULES[rule][0](ast.parse(source)))


def test_a_context_in_a_type_is_no_context() -> None:
    said = "def f(context: ssl.SSLContext | None) -> ssl.SSLContext:\n    return context"
    assert not list(blind_trust(ast.parse(said)))


def test_every_process_is_our_own_interpreter() -> None:
    for name in STARTS_PROCESSES:
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        started = [
            call
            for call in calls(tree)
            if name_of(call) in PROCESS_CALLS and isinstance(call.func, ast.Attribute)
        ]
        started = [call for call in started if ast.unparse(call.func).startswith("subprocess.")]
        assert started, name
        for call in started:
            command = ast.unparse(call.args[0])
            lists = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.List)]
            assert command.startswith("[sys.executable") or any(
                each.startswith("[sys.executable") for each in lists
            ), f"{name}:{call.lineno} starts {command}"


def test_every_xml_reader_refuses_a_dtd() -> None:
    for name in READS_XML:
        source = (ROOT / name).read_text(encoding="utf-8")
        assert source.count("ParserCreate(") == source.count(".StartDoctypeDeclHandler = ")


def test_every_page_of_html_escapes_by_itself() -> None:
    """jinja2 escapes nothing unless told to; what is told not to makes plain text, and says so."""
    plain = {"mailer/layouts.py": 1, "mailer/wording.py": 1}
    for package in sorted(OURS):
        for path in files_of(package):
            name = path.relative_to(ROOT).as_posix()
            made = [
                call
                for call in calls(ast.parse(path.read_text(encoding="utf-8")))
                if name_of(call) == "Environment"
            ]
            escaping = [word.value for call in made for word in call.keywords if word.arg == "autoescape"]
            assert len(escaping) == len(made), f"{name}: an Environment says nothing of escaping"
            off = sum(not (isinstance(value, ast.Constant) and value.value is True) for value in escaping)
            assert off == plain.get(name, 0), f"{name}: {off} environments do not escape"

"""The grammar of what carries a secret in a text: its name, what says that a value follows, and how far that goes.

A carrier is a field of JSON, what Python prints, a header, an option, an element or attribute of XML, a line of an
environment or of YAML, a parameter of an address or prose; its quotes and signs may be escaped once or more, as in JSON
within JSON, or encoded for an address or for HTML. Where it is not clear how far a value goes, more is taken, not less.
"""

import re

from seatrials.evidence.secret_names import (
    REDACTED,
    SUSPECT,
    SUSPECT_PAIR,
    is_harmless,
    is_header_name,
    is_secret_name,
)

_GAP = r"(?:[ \t]|%20)"
_SPACE = r"(?:\s|%20)"
_BRACKET_SIGNS = (("<", "lt", "[cC]"), (">", "gt", "[eE]"))
_QUOTE = r"""(?:\\*["'`]|%(?:25)*2[27]|&(?:quot|apos|#(?:3[49]|[xX]2[27]));|\\+u002[27])"""
_ESCAPED_NEWLINE = r"(?:(?<!\\)(?:\\+r)?\\+n)"
_NEWLINE = rf"(?:\r?\n|{_ESCAPED_NEWLINE}|(?:%0[dD])?%0[aA])"
_OPEN, _CLOSE = (rf"(?:{sign}|&{word};|%3{letter}|(?<!\\)\\++u003{letter})" for sign, word, letter in _BRACKET_SIGNS)
# Each of its parts between dots is looked at once: a text may be one long word, or have many suspect ones.
_NAME = rf"(?:[\w-]*+\.)*?(?:(?>[\w-]*?{SUSPECT})[\w-]*+|(?>[\w-]*?{SUSPECT_PAIR})[\w-]*+)"
# Python may tell the type of what gets the value.
_ANNOTATION = rf":{_GAP}*(?:str|bytes|SecretStr|Optional\[\w+\])(?:{_GAP}*\|{_GAP}*None)?{_GAP}*=(?!=)"
_SIGN = r"(?::=|={1,3}>?|:|%(?:25)*3[aAdD]|\\+u003[dD])"
_COMMA = rf"{_SPACE}*+(?:,|%2[cC])?{_SPACE}*+"
# How prose tells a value, and words that are hardly prose: with a digit or a sign among letters.
_VERB = rf"(?:equals|reads|(?:(?:is|was|are|were){_GAP}++)?(?:re)?(?:set|changed){_GAP}++to|is|was|are|were)"
_NO_TALK = r"(?=\S*[a-z])(?=\S*?(?:\d|[$#%^&*+=~@][a-z\d]))\S{6}"
_IS = rf"{_QUOTE}?\]?{_GAP}*(?:{_ANNOTATION}|{_SIGN}){_GAP}*"
_HEAD = re.compile(
    # The name of a resource has `:secret:` in it, and is no secret.
    r"(?i)(?P<resource>\barn:aws[\w-]*:[\w:/.*+-]++(?!=))"
    rf"|{_OPEN}(?:\w+:)?(?P<element>{_NAME})(?:{_SPACE}(?:(?!{_OPEN}|{_CLOSE}).)*+)?{_CLOSE}"
    # {"name": "DB_PWD", "value": "..."}, as ECS has variables and others have tags, headers and inputs.
    rf"|(?<![a-z])(?:name|key|type|id){_IS}{_QUOTE}?(?P<field>{_NAME}){_QUOTE}?{_COMMA}{_QUOTE}?value{_IS}"
    # ("Authorization", "..."), as Python has headers.
    rf"|[(\[]\s*b?{_QUOTE}(?P<first>{_NAME}){_QUOTE}\s*,\s*(?=b?{_QUOTE})"
    rf"|(?:(?<![\w.-])|(?<=%20))--(?P<option>{_NAME}){_SPACE}++(?!-[a-z]\b|--)"
    # The same, value first.
    rf"|(?<![a-z])value{_IS}(?=(?P<open>{_QUOTE})(?:(?!(?<!\\)(?P=open))(?s:.))*(?P=open){_COMMA}"
    rf"{_QUOTE}?(?:name|key){_IS}{_QUOTE}?(?P<after>{_NAME})(?![\w.-]))"
    # Prose: whether a value follows, or talk, its looks must tell.
    rf"|(?<![\w.-])(?P<said>{_NAME})(?:{_GAP}++(?:for|of){_GAP}++\S++)?{_GAP}++{_VERB}{_GAP}++(?={_QUOTE}|{_NO_TALK})"
    # The name of a character, in JSON or in an address, may stand before that of the value.
    rf"|(?<![\w.-])(?:(?<=\\)[nrtbf]|(?<=\\)u[0-9a-f]{{4}}|(?<=%)[0-9a-f]{{2}})?(?P<name>{_NAME}){_IS}"
)
# A quote behind a backslash may belong to the value, so it is not taken for its end.
_QUOTED = re.compile(rf"[bBrRuUfF]{{0,2}}(?P<quote>{_QUOTE})(?P<value>(?:(?!(?<!\\)(?P=quote))(?s:.))*)(?P=quote)")
_OPENED = re.compile(rf"[bBrRuUfF]{{0,2}}{_QUOTE}[^\n]*")
# Python breaks a long text into several, each in quotes, on lines of their own.
_BROKEN = re.compile(rf"{_GAP}*{_NEWLINE}(?:E\s)?(?:{_GAP}|[+?-])*(?={_QUOTE})")
_SAYS_MORE = re.compile(r"\s*[:=]")
_BRACKETS = re.compile(rf"{_QUOTED.pattern}|(?P<bracket>[\[\]{{}}])")
# What ends a bare value, rather than being part of it: punctuation that nothing follows, and the end of a string.
_END = r"""(?:[,;}\])"'>`]{1,8}(?:\\*["']|[\s<>]|\Z)|(?<!\\)\\+["'](?:[\s,;:}\])>]|\Z)|</|&(?:quot|lt|gt|#3[49]);)"""
_BARE = re.compile(rf"(?:(?:Bearer|Basic|Digest|Token)\s+)?(?:(?!{_END}|{_ESCAPED_NEWLINE})\S)+", re.IGNORECASE)
# What is stuck to a value that seems to have ended, and so may belong to it.
_TAIL = re.compile(rf"(?!{_ESCAPED_NEWLINE}|[,;:}})\]&#]|/?>|%(?:0[aAdD]|2[0cC6]|3[bB]|[57][dD]))(?:(?!{_END})\S)+")
# A parameter of an address goes on until the next one, which is written as this one is.
_PARAMETERS = (
    (re.compile(r"(?i)(?:%3f|%26)$"), re.compile(rf"(?i)(?:(?!%26|&|{_END})\S)+")),
    (re.compile(r"(?i)\\u0026$"), re.compile(rf"(?i)(?:(?!\\u0026|&|{_END})\S)+")),
    (re.compile(r"(?:[?&]|&amp;)$"), re.compile(rf"(?:(?![&#]|{_END})\S)+")),
)
_SIGN_CHARACTERS_MAX = len(r"\u0026")
_NAME_CHARACTERS_MAX = 80
_INDENT_CHARACTERS_MAX = 200
_WITHIN_CHARACTERS_MAX = 20_000
_LINE = re.compile(r"[^\n]*")
_HEADER_LINE = re.compile(rf"(?:(?!{_NEWLINE})[^\n])*")
_STRING_LINE = re.compile(rf"(?:(?!{_NEWLINE}|(?<!\\)[\"'])[^\n])*")
# A header that was redacted as a field of a table, of which more follows.
_DONE = re.compile(r"""\[redacted\](?:[})\]]|,\s*\\*["'(]|%(?:20|2[cC]|[57][dD]))""")
_COOKIE = re.compile(r"[^\s=;,]+(?:=|%3[dD])")
_ELEMENT = re.compile(rf"(?s:.)*?(?={_OPEN}(?:/|%2[fF]))")
# What may stand before the name of a variable of an environment, or of a key of YAML, on its line.
_LINE_START = re.compile(r"(?:E(?=\s))?[^\w\n\"'`]*(?:export\s+)?")
_VARIABLE = re.compile(r"""[A-Z0-9_]+=(?![=\s"'\\\[])""")
_KEY = re.compile(r"[\w.-]+:[ \t]+")
_BLOCK = re.compile(rf"(?:[|>]|&gt;|%7[cC]|%3[eE])[-+\d]*[ \t]*(?={_NEWLINE})")
_LINE_BREAK = re.compile(_NEWLINE)
_INDENT = re.compile(rf"(?:E(?=\s))?{_GAP}*(?:- )?")
_NEXT_LINE = re.compile(
    r"\r?\n(?P<indent>(?:E(?=\s))?[ \t]*)(?P<rest>[^\n]*)"
    rf"|{_NEWLINE}(?P<escaped_indent>{_GAP}*)(?P<escaped_rest>(?:(?!{_NEWLINE}|(?<!\\)[\"'])[^\n])*)"
)


def redact_carried(text: str) -> str:
    """Return *text* without what something of a secret's name carries."""
    pieces, at = [], 0
    while head := _HEAD.search(text, at):
        pieces.append(text[at : head.end()])
        at = head.end()
        if (end := _end_of_secret(text, head)) > at:
            pieces.append(REDACTED)
            at = _end_of_those_within(text, at, end)
    return "".join([*pieces, text[at:]])


def _end_of_those_within(text: str, start: int, end: int) -> int:
    """Return where what is taken ends: a name that was taken with a value may have one that goes on.

    Where values within one another are long to look through, all that follows is taken.
    """
    looked_through = 0
    while end < len(text) and (head := _HEAD.search(text, start, end + _NAME_CHARACTERS_MAX)) and head.start() < end:
        start = head.end()
        found = _end_of_secret(text, head)
        looked_through += found - start
        if looked_through > _WITHIN_CHARACTERS_MAX:
            return len(text)
        end = max(end, found)
    return end


def _end_of_secret(text: str, head: re.Match[str]) -> int:
    """Return where the secret behind *head* ends, which is where it begins if there is none."""
    kind = str(head.lastgroup)
    name, start = head[kind], head.end()
    # Of what prose says, a sentence about cookies is no header.
    is_header = kind != "said" and is_header_name(name)
    if kind == "resource" or not (is_header or is_secret_name(name)):
        return start
    if quoted := _QUOTED.match(text, start):
        return start if _is_none(kind, name, quoted["value"]) else _end_of_quoted(text, quoted.end())
    if opened := _OPENED.match(text, start):
        return opened.end()
    if text.startswith(("[", "{"), start) and not text.startswith((REDACTED, "{{", "[]", "{}"), start):
        return _end_of_brackets(text, start)
    return _end_of_bare(text, head, name, is_header=is_header)


def _is_none(kind: str, name: str, value: str) -> bool:
    # Two names in a list are no name and its value.
    return is_harmless(name, value, is_quoted=True) or (kind == "first" and is_secret_name(value))


def _end_of_quoted(text: str, end: int) -> int:
    # SQL doubles a quote within a text.
    while text.startswith(("'", '"'), end) and (doubled := _QUOTED.match(text, end)):
        end = doubled.end()
    while (broken := _BROKEN.match(text, end)) and (quoted := _QUOTED.match(text, broken.end())):
        if _SAYS_MORE.match(text, quoted.end()):
            break
        end = quoted.end()
    return _end(_TAIL, text, end)


def _end_of_brackets(text: str, start: int) -> int:
    """Return where a list or table ends; brackets within quotes are none."""
    depth = 0
    for found in _BRACKETS.finditer(text, start):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found["bracket"] or "", 0)
        if depth == 0:
            return found.end()
    return _end(_LINE, text, start)


def _end_of_bare(text: str, head: re.Match[str], name: str, *, is_header: bool) -> int:
    """Return where a value without quotes ends, by what its carrier is."""
    start = head.end()
    line_start = _start_of_line(text, head.start(str(head.lastgroup)))
    indent = _width(text[line_start : _end(_INDENT, text, line_start)])
    if block := _BLOCK.match(text, start):
        return _end_of_deeper(text, block.end(), indent, is_block=True)
    if head.lastgroup == "element":
        element = _ELEMENT.match(text, start)
        end = element.end() if element else _end(_LINE, text, start)
        return start if is_harmless(name, text[start:end].strip()) else end
    word_end = _end_of_word(text, start)
    if word_end == start:
        return _end_of_deeper(text, start, indent, is_block=False) if head[0].rstrip().endswith(":") else start
    is_comparison = re.search(r"\s==+\s+$", head[0]) is not None
    if is_comparison or is_harmless(name, text[start:word_end]):
        return start
    if is_header:
        return _end_of_header(text, head, name, word_end)
    return _end_of_line_or_word(text, head, line_start, indent, word_end)


def _end_of_header(text: str, head: re.Match[str], name: str, word_end: int) -> int:
    start = head.end()
    if _DONE.match(text, start):
        return word_end
    # A cookie has a name; a sentence about cookies has none.
    is_talk = "cookie" in name.lower() and head[0].rstrip().endswith(":") and not _COOKIE.match(text, start)
    return start if is_talk else _end(_HEADER_LINE, text, start)


def _end_of_line_or_word(text: str, head: re.Match[str], line_start: int, indent: int, word_end: int) -> int:
    """Return the end of a line of an environment or of YAML, of a parameter, or of a word."""
    name_start, start = head.start(str(head.lastgroup)), head.end()
    for before, parameter in _PARAMETERS:
        if before.search(text, max(0, name_start - _SIGN_CHARACTERS_MAX), name_start):
            return _end(parameter, text, _behind_redacted(text, start))
    if head.lastgroup == "name" and _LINE_START.fullmatch(text, line_start, name_start):
        is_real = text[line_start - 1 : line_start] in {"", "\n"}
        line = _end(_LINE if is_real else _STRING_LINE, text, start)
        if _VARIABLE.match(text, name_start):
            return max(word_end, line)
        if _KEY.fullmatch(text, name_start, start):
            return _end_of_deeper(text, max(word_end, line), indent, is_block=False)
    return word_end


def _end_of_deeper(text: str, end: int, indent: int, *, is_block: bool) -> int:
    """Return the end of the lines that are indented more, and so belong to the value; outside a block, no keys."""
    while line := _NEXT_LINE.match(text, end):
        kind = "" if line["rest"] is not None else "escaped_"
        rest = line[f"{kind}rest"]
        is_key = not is_block and re.search(r":(?:\s|$)|^- |^[\"'{\[]", rest)
        if (rest.strip() and _width(line[f"{kind}indent"]) <= indent) or is_key or (not rest.strip() and not is_block):
            break
        end = line.end()
    return end


def _end_of_word(text: str, start: int) -> int:
    behind = _behind_redacted(text, start)
    if behind == start:
        return _end(_BARE, text, start)
    return behind if _LINE_BREAK.match(text, behind) else _end(_TAIL, text, behind)


def _behind_redacted(text: str, start: int) -> int:
    # What is redacted of a word may be but its beginning.
    return start + len(REDACTED) * text.startswith(REDACTED, start)


def _width(indent: str) -> int:
    return len(indent.replace("%20", " "))


def _start_of_line(text: str, position: int) -> int:
    """Return where the line of a name begins, which may be where a string does."""
    if text.endswith(("'", '"'), 0, position):
        return position
    # What is farther away than any indentation keeps a name from being the first of its line.
    nearest = max(0, position - _INDENT_CHARACTERS_MAX)
    start = max(nearest, text.rfind("\n", nearest, position) + 1)
    breaks = list(_LINE_BREAK.finditer(text, start, position))
    return breaks[-1].end() if breaks else start


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return start if found is None else found.end()

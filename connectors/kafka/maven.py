"""Where jars are fetched from: the public repository, or the mirror that this machine is configured for.

Two usual means are read, in this order: the `[repositories]` of jgo's own configuration file and the `<mirrors>` of
Maven's `settings.xml`. No host is named here.
"""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo

_MIRRORS_ALL = {"*", "external:*", "central"}


def settings_files() -> list[Path]:
    """Return the `settings.xml` files that Maven would read, the user's first."""
    return [default_maven_repo().parent / "settings.xml", Path("/etc/maven/settings.xml")]


def mirror_in(settings_xml: Path) -> str | None:
    """Return the address of the first mirror of the central repository in a Maven `settings.xml`, if it names one."""
    try:
        root = ElementTree.parse(settings_xml).getroot()  # noqa: S314 - the user's own configuration
    except (OSError, ElementTree.ParseError):
        return None
    for mirror in root.iter():
        if mirror.tag.rpartition("}")[2] != "mirror":
            continue
        fields = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in mirror}
        names = {name.strip() for name in fields.get("mirrorOf", "").split(",")}
        if fields.get("url") and names & _MIRRORS_ALL and "!central" not in names:
            return fields["url"].rstrip("/")
    return None


def repositories(files: list[Path] | None = None) -> Mapping[str, str]:
    """Return repository name → address, in the order in which they are tried.

    A mirror replaces the public repository, for a machine that has one usually reaches nothing else.
    """
    configured = {name: url.rstrip("/") for name, url in GlobalSettings.load().repositories.items()}
    mirror = next((url for url in map(mirror_in, settings_files() if files is None else files) if url), None)
    if mirror:
        return {**configured, "mirror": mirror}
    return configured if "central" in configured else {**configured, "central": MAVEN_CENTRAL_URL}

"""Program versions as the audit reads them: the published document itself, not compiled."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from patron_schemas.money import MINOR_DIGITS
from patron_schemas.program import Asset, Match, ProgramDocument


class Terms(NamedTuple):
    """One published version: its document, its zone, and its currency's digits."""

    document: ProgramDocument
    zone: ZoneInfo
    digits: int

    def minor(self, money: str) -> int:
        """Money of the document in minor units of its currency."""
        return int(Fraction(money) * 10**self.digits)

    def asset(self, name: str) -> Asset:
        """The settings of an asset, or of the one that a wallet is part of."""
        return self.document.assets[name.partition("/")[0]]

    def knows(self, asset: str) -> bool:
        """Whether it is an asset, or a wallet of a split one."""
        name, _, value = asset.partition("/")
        known = self.document.assets.get(name)
        if known is None or not value:
            return known is not None and asset == name
        return known.split_by is not None and value in known.split_by.values

    def wallet(self, asset: str, attributes: Iterable[Iterable[object]]) -> str:
        """Where an event with these attributes puts what it earns of an asset."""
        split = self.asset(asset).split_by
        if split is not None:
            for name, value in attributes:
                if name == split.attribute and self.knows(f"{asset}/{value}"):
                    return f"{asset}/{value}"
        return asset

    def threshold(self, text: str) -> int:
        """Where a tier starts, in what the tiers' meter counts."""
        tiers = self.document.tiers
        assert tiers is not None
        counts = self.document.meters[tiers.meter].counts
        return self.minor(text) if counts == "basis" else int(text)


def terms_of(document: str) -> Terms:
    """The terms of a document's text (YAML 1.2)."""
    parser = YAML(typ="safe", pure=True)
    parser.version = (1, 2)
    read = ProgramDocument.model_validate(parser.load(document))
    return Terms(read, ZoneInfo(read.zone), MINOR_DIGITS[read.currency])


def attributes_match(match: Match, attributes: Iterable[Iterable[object]]) -> bool:
    """Whether each attribute that is asked for has one of its values; numbers are text."""
    has: Mapping[str, str] = {str(name): str(value) for name, value in attributes}
    return all(has.get(name) in values for name, values in (match.attributes or {}).items())


def is_part(wallet: str, asset: str) -> bool:
    """Whether a wallet belongs to an asset, or is it."""
    return wallet.partition("/")[0] == asset or wallet == asset


def tier_matches(match: Match, tier: str) -> bool:
    """Whether the tier is one of those that are asked for."""
    return match.tier is None or tier in match.tier

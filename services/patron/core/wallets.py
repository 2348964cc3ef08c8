"""Assets that are split: each value of an attribute is a wallet of its own.

A wallet is an asset by itself, "stars/jazz", with balance and lots of its own. What an
event without such a value earns lies in the asset that is split. Whoever asks for that
one asks for all of its wallets together, and spends what ends first.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from patron.core.account import Balance
from patron.core.decision import Proof
from patron.core.program import Program


@lru_cache(maxsize=256)
def split_assets(program: Program) -> Mapping[str, str]:
    """The attribute by which each split asset is split: none in nearly all programs."""
    return {asset.name: asset.split_by for asset in program.assets.values() if asset.split_by}


def wallet_of(program: Program, asset: str, attributes: Iterable[tuple[str, Any]]) -> str:
    """Where what is earned of an asset goes, by the attributes of the event that earns it."""
    split_by = split_assets(program).get(asset)
    for name, value in attributes if split_by else ():
        if name == split_by and wallet_name(asset, str(value)) in program.assets:
            return wallet_name(asset, str(value))
    return asset


def wallet_name(asset: str, value: str) -> str:
    """How a wallet is called; no asset's own name has a slash."""
    return f"{asset}/{value}"


def is_within(wallet: str, asset: str) -> bool:
    """Whether it is the asset itself, or a wallet of it."""
    return wallet == asset or wallet.startswith(f"{asset}/")


def into_wallets(
    program: Program, proofs: Sequence[Proof], attributes: Iterable[tuple[str, Any]]
) -> list[Proof]:
    """The proofs, each with the wallet that its rule's asset has for such an event."""
    told = tuple(attributes)
    return [proof._replace(asset=wallet_of(program, proof.asset, told)) for proof in proofs]


def split_of(program: Program, asset: str) -> str:
    """The split asset that it is, or is a wallet of; "" where nothing is split."""
    return next((each for each in split_assets(program) if is_within(asset, each)), "")


def available(balances: Mapping[str, Balance], asset: str) -> int:
    """What can be spent of an asset, in all of its wallets together."""
    return sum(held.available for wallet, held in balances.items() if is_within(wallet, asset))


def sums(program: Program, balances: Mapping[str, Balance]) -> dict[str, Balance]:
    """Balances by asset and wallet; a split asset shows the sum of all of its wallets."""
    shown = dict(balances)
    for asset in split_assets(program):
        parts = [balance for wallet, balance in balances.items() if is_within(wallet, asset)]
        if parts:
            shown[asset] = Balance(*map(sum, zip(*parts, strict=True)))
    return shown

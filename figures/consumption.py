"""What a Site consumed: what balances its bus, or without a grid meter what its loads say. Pure."""

from dataclasses import replace

import numpy as np

from figures.balances import Amount, balanced
from figures.contradictions import Exchanges, contradict


def balance_of(amounts: Exchanges) -> Amount | None:
    """What came into the bus less what left it, where a grid meter was in service.

    None without any. Within the error of meters it may be a little below 0, which is then 0.
    """
    grid = amounts["import"]
    if grid is None:
        return None
    came = [grid, amounts["production"], amounts["discharge"]]
    balance = balanced(came, [amounts["export"], amounts["charge"]])
    if balance is None:
        return None
    balance = balance.only_where(grid.in_service)
    if contradict(amounts, balance):
        return balance.contradicted()
    if (balance.total or 0) < 0:
        return replace(balance, values=balance.values * 0)
    return balance


def consumption_of(amounts: Exchanges, balance: Amount | None) -> Amount | None:
    """The balance, and what the loads measured while no grid meter was in service."""
    grid, loads = amounts["import"], amounts["load"]
    if grid is None or balance is None or loads is None:
        return loads if balance is None else balance
    if np.all(grid.in_service):
        return balance
    return balance.only_where(grid.in_service, loads.as_one())

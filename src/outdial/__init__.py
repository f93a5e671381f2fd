"""Outdial places phone calls on behalf of agents: the agent's phone rings first, then the other side."""

__version__ = "0.1.0"

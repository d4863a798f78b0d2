"""The companies a sandbox starts with: each template a TOML file here."""

from raccord_sandbox.seeds.making import fill
from raccord_sandbox.seeds.template import TEMPLATES, CompanyFacts, facts_of

__all__ = ["TEMPLATES", "CompanyFacts", "facts_of", "fill"]

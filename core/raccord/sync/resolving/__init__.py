"""From keys and roles to ledger ids, and what stands in a draft's way: conflicts, who may answer them, holds."""

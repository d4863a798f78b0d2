"""From kept records to drafts, again where the mapping changed, and back where the source took something back."""

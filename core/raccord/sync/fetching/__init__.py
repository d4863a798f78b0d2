"""What a source says, on its way in: declared hosts only, kept raw with its revisions, page by page."""

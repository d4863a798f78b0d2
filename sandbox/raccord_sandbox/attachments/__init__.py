"""Files and notes attached to objects: contents, temporary links, multipart uploads."""

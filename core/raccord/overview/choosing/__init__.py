"""What people may choose of what the source told, in the place of typing it."""

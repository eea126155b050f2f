"""A tree and a site's dialect → searches that miss nothing."""

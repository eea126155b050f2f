"""What answers are made of: HTML, feeds, JSON-LD, microdata; dates, values, charsets; limits on what a page costs."""

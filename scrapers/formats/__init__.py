"""What answers are made of: dates, values, structured data, the shapes of feeds."""

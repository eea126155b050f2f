"""The pages people read, and what writes the parts of them that the code knows best. Not part of the package."""

"""New complaints: phrases that several people use now and hardly anybody used before."""

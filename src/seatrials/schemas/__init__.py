"""JSON schemas of the files that people write and programs read, made from the models that read these files."""

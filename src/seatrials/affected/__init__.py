"""Which tests a change can touch, by what each of them executed when it was recorded."""

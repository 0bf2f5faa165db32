"""What keeps a run on a real stack from harming anyone: who, where, alone, how much, and what is put back."""

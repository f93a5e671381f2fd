"""The rules of placing calls: pure, standard library and the numbering plan only; no I/O, clock, or ids of its own."""

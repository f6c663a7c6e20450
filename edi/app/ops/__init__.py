"""Operations: what the nightly jobs do, and how the program tells how it is."""

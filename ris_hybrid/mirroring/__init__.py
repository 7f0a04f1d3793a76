"""``ris-hybrid mirror``: load, plan, judge, apply and read back."""

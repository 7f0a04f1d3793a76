"""Carries out what ``ris_hybrid.images`` decided: copies by digest, looks at scans, keeps what nodes may use."""

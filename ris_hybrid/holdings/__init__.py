"""What AWS really holds, read back as plain values."""

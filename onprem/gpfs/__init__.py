"""What IBM Spectrum Scale (GPFS) says of its filesets and quotas."""

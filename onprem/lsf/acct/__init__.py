"""LSF's accounting file, lsb.acct, of every version seen: records into jobs of the past."""

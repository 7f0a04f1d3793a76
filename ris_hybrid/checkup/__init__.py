"""What a master needs for the burst, looked at one by one: each finding says what to do."""

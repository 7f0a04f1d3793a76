"""What is asked of the site."""

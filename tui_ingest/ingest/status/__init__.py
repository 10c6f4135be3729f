"""Where a log stands, for those who look from outside its session."""

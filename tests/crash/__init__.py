"""The worker as a process that dies: at random moments, at every named point, or frozen."""

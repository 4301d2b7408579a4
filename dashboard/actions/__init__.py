"""What people may change. Each action checks the role itself and leaves a line of who did it."""

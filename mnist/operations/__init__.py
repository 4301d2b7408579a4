"""What the flows do, one file each: decisions joined to store and registry."""

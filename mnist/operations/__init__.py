"""What the flows do, one file each: decisions joined to store and registry.

Every step may raise what store and registry raise: Unavailable and AccessDenied.
"""

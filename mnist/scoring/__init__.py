"""Turn the bytes of images into rows, and rows into receipts; no store in sight."""

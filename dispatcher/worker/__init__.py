"""What runs by itself: sending, receipts, schedules, notices, maintenance."""

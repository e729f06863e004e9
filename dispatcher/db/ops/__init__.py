"""The database itself: which one it is, copied, restored, looked after."""

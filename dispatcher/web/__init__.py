"""The doors that speak HTTP: today the receipt door, later the console."""

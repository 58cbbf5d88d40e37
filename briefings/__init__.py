"""What leaves the house: briefings, bulletins, alerts. Reads models and data, draws no screen."""

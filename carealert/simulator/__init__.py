"""The outside world on one machine: agencies that warn, a gateway, phones that answer."""

"""The front office: today's visits, booking, calls, confirmations."""

"""What runs in the environment of django-appointment, not in ours."""

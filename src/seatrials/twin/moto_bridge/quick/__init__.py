"""What makes moto quick and corrects nothing."""

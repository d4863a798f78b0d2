"""Getting a company and its sources connected, and every decision a person makes afterwards."""

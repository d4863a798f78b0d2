"""What a company's own answers say of a bank line that nobody answered yet; pure, without network, clock or chance."""

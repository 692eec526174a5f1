"""The Fulfilments tab of an order."""

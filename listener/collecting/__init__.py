"""Reading sources: visits and streams, their budgets and rhythm, and what every source gets for free."""

"""What people type, checked: one module an audience."""

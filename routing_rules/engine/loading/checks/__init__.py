"""What only shows once all is read: rules against the catalogue, the trees, the order. Nothing is changed here."""

"""What several scripts need. The scripts themselves say nothing that is written here."""

"""Use cases: one public function is one transaction, called with plain arguments."""

"""Templates, checklists and lexicons: from a decided notice to the words on a phone."""

"""broadcasts: from a draft to a finished or stopped one. The verbs stand in `verbs`."""

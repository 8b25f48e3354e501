"""What the services need from the edge, as Protocols: one file for each part of the edge."""

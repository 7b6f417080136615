"""First-hop redundancy: HSRP, VRRP and GLBP as pure machines, and their messages."""

"""What is measured of Crosstie: each case runs in a process of its own and gives its figures."""

"""The poster's claims, the evidence for each in stored runs, and the rule that gives the verdicts."""

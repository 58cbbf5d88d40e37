"""Ground floor: what things are and where they live. Imports nothing of ours from above."""

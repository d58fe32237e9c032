"""What is left to do when Copier has updated this project, so that nothing of its owner's is lost.

Copier deletes a file that the template no longer has, also if it was edited, and knows nothing of files that moved.
"""

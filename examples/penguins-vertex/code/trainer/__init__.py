"""The penguins as a package for Vertex AI and Cloud ML Engine."""

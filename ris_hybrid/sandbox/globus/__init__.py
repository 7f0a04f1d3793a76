"""The sandbox's Globus: Transfer, Auth and Groups as far as we call them, and transfers that really move files."""

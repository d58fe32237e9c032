"""Services that send rows of the warehouse on to the tools of other teams."""

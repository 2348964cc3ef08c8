"""One kind of rule a file; `core.earning` and `core.rewards` hold the table of them."""

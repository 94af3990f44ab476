// Only types are here; this file lets an import that a tool did not remove resolve to nothing.

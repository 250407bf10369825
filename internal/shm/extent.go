package shm

// Extent is a part of a segment, in bytes: From up to, but not including, To.
type Extent struct{ From, To int }

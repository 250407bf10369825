package proc

// maxrssUnit is the unit of rusage.Maxrss in bytes.
const maxrssUnit = 1

package control

// peerPID is unknown: package unix does not read it from LOCAL_PEERCRED.
func peerPID(int) int { return 0 }

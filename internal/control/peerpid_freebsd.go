package control

// peerPID is not told by what package unix knows of LOCAL_PEERCRED.
func peerPID(int) int { return 0 }

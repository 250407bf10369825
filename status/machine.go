package status

// Finding is something about this machine that decides how well Legion works.
type Finding struct {
	Topic  string `json:"topic"`  // what was looked at
	OK     bool   `json:"ok"`     // it is as good as it can be
	Found  string `json:"found"`  // what is there
	Means  string `json:"means"`  // what that means for a daemon
	Advice string `json:"advice"` // what to do about it; "" if nothing needs to be done
}

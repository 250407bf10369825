package status

// Finding is a property of this machine that affects how well Legion works.
type Finding struct {
	Topic  string `json:"topic"`  // what was checked
	OK     bool   `json:"ok"`     // it is as good as it can be
	Found  string `json:"found"`  // what was found
	Means  string `json:"means"`  // what that means for a daemon
	Advice string `json:"advice"` // what to do about it; "" if nothing needs to be done
}

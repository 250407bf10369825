package status

// Page is the answer of a plugin to an HTTP request for one of its paths.
type Page struct {
	Status int    `json:"status"` // of HTTP
	Type   string `json:"type"`   // of the body: its media type
	Body   string `json:"body"`
}

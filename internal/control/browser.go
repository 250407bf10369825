package control

import "github.com/legion-go/legion/plugin"

// fromBrowser refuses requests from a page in a browser: the browser may be
// able to reach us, but the page must not. A path p with Page, which may be
// nil, has a page of its own: it may ask that path, and a link from elsewhere
// may lead to it if it is Open, since it then tells everyone the same.
func (c *conn) fromBrowser(h *head, p *plugin.Path) *refusal {
	page := p != nil && p.Page
	if h.count("origin") > 0 && !(page && h.get("origin") == c.origin(h)) {
		return forbidden("requests of web pages are refused: this one has an Origin")
	}
	site := h.get("sec-fetch-site")
	if site != "" && site != "none" && site != "same-origin" && !(page && p.Open && h.navigates()) {
		return forbidden("requests of web pages are refused: this one comes from another site")
	}
	// A forwarded Unix socket is at a loopback address of somebody's browser.
	loopback := c.address.Network == "tcp" && c.address.loopback() || c.address.Network == "unix" && page
	if loopback && !h.local() {
		return forbidden("call this server by its address or as localhost, not by the name %q", h.get("host"))
	}
	return nil
}

// origin is that of pages which this server serves to the client: the host is
// what the client calls it.
func (c *conn) origin(h *head) string {
	scheme := "http://"
	if c.safe != c.raw {
		scheme = "https://"
	}
	return scheme + h.get("host")
}

// navigates reports whether a browser follows a link to show what it finds, in
// a window and not in a frame.
func (h *head) navigates() bool {
	return h.method == "GET" && h.get("sec-fetch-mode") == "navigate" && h.get("sec-fetch-dest") == "document"
}

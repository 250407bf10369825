package ui

// policy lets the page load its own files and ask its own server, and nothing
// else. No other page may frame it, and text cannot become code in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// Headers returns the header fields that every answer to the page must have,
// errors too: names and values in turn. X-Content-Type-Options: nosniff comes
// beside them.
func Headers() []string {
	return []string{
		"Content-Security-Policy", policy,
		"Referrer-Policy", "no-referrer",
		"Cross-Origin-Opener-Policy", "same-origin",
		"Cross-Origin-Resource-Policy", "same-origin",
	}
}

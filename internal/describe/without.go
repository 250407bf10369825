package describe

// Without returns a result of [Value] with instead in place of each text of
// that name, at any depth. It copies what it changes.
func Without(v any, name, instead string) any {
	switch v := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, inner := range v {
			if text, ok := inner.(string); ok && text != "" && key == name {
				inner = instead
			}
			all[key] = Without(inner, name, instead)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = Without(v[i], name, instead)
		}
		return all
	}
	return v
}

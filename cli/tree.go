package cli

// branch is a line of a tree: the number of its thing, and the lines that lead
// to it.
type branch struct {
	index int
	lines string
}

// tree orders n things so that each stands below its parent. parent returns the
// number of a thing's parent, or -1. A thing without a parent in the list, or
// that is its own ancestor, is a root.
func tree(n int, parent func(i int) int) (all []branch) {
	children := map[int][]int{}
	for i := range n {
		children[parent(i)] = append(children[parent(i)], i)
	}
	seen := make([]bool, n)
	var below func(of int, indent string)
	below = func(of int, indent string) {
		list := children[of]
		for k, i := range list {
			if seen[i] {
				continue
			}
			seen[i] = true
			line, deeper := "├─ ", "│  "
			if k == len(list)-1 {
				line, deeper = "└─ ", "   "
			}
			if of < 0 {
				line, deeper = "", ""
			}
			all = append(all, branch{i, indent + line})
			below(i, indent+deeper)
		}
	}
	below(-1, "")
	for i := range n { // in a circle
		if !seen[i] {
			seen[i] = true
			all = append(all, branch{i, ""})
			below(i, "")
		}
	}
	return all
}

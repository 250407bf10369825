package proc

// controller is a kind of limit that cgroups hold.
type controller string

const (
	memoryController controller = "memory"
	cpuController    controller = "cpu"
	pidsController   controller = "pids"
)

// controllers are all controllers that this package uses.
var controllers = []controller{memoryController, cpuController, pidsController}

// controllers returns those that l asks for.
func (l Limits) controllers() (names []controller) {
	if l.Memory != 0 {
		names = append(names, memoryController)
	}
	if l.CPU != 0 {
		names = append(names, cpuController)
	}
	if l.Threads != 0 {
		names = append(names, pidsController)
	}
	return names
}

// needs says that the field of Limits that a controller holds cannot be held,
// and why.
func needs(name controller, why string) string {
	field := map[controller]string{memoryController: "Memory", cpuController: "CPU", pidsController: "Threads"}[name]
	return field + " needs a " + string(name) + " cgroup: " + why + ": run the daemon as root, or under systemd with Delegate=" + string(name)
}

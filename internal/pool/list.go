package pool

// links are a call's place in one list; a call can be in several.
type links struct {
	prev, next *Call
	in         bool
}

// list is an intrusive doubly linked list of calls: no operation allocates, and
// a call leaves from the middle in constant time.
type list struct {
	of         func(*Call) *links
	head, tail *Call
	len        int
}

func (l *list) pushBack(c *Call) {
	n := l.of(c)
	*n = links{prev: l.tail, in: true}
	if l.tail != nil {
		l.of(l.tail).next = c
	} else {
		l.head = c
	}
	l.tail = c
	l.len++
}

func (l *list) pushFront(c *Call) {
	n := l.of(c)
	*n = links{next: l.head, in: true}
	if l.head != nil {
		l.of(l.head).prev = c
	} else {
		l.tail = c
	}
	l.head = c
	l.len++
}

func (l *list) remove(c *Call) {
	n := l.of(c)
	if !n.in {
		return
	}
	if n.prev != nil {
		l.of(n.prev).next = n.next
	} else {
		l.head = n.next
	}
	if n.next != nil {
		l.of(n.next).prev = n.prev
	} else {
		l.tail = n.prev
	}
	*n = links{}
	l.len--
}

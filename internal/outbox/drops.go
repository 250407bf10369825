package outbox

// maxReasons bounds how many reasons are kept apart.
const maxReasons = 8

// drops counts dropped records that are not told yet, by reason.
type drops []dropped

type dropped struct {
	records uint64
	why     error
}

// add counts a record that was dropped for a reason. Reasons of one text are
// one. Beyond maxReasons, the last one stands for all further ones.
func (d *drops) add(why error) {
	text := why.Error()
	for i := range *d {
		if one := &(*d)[i]; one.why.Error() == text || i == maxReasons-1 {
			one.records++
			return
		}
	}
	*d = append(*d, dropped{1, why})
}

// told takes away what has been told of the first reason: more of it may have
// been counted in the meantime.
func (d *drops) told(records uint64) {
	first := &(*d)[0]
	if first.records -= records; first.records == 0 {
		*d = (*d)[1:]
	}
}

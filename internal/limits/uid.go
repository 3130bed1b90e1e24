package limits

// UID is the hash of a metadata.uid, eight bytes instead of 36: a cluster has
// 150,000 pods. 0 is none.
type UID uint64

// HashUID hashes a metadata.uid; an empty one is none.
func HashUID(uid []byte) UID {
	if len(uid) == 0 {
		return 0
	}
	return max(1, hash(offset, uid))
}

// nameID hashes the identity of an object whose UID is not known.
func nameID(kind, namespace, name string) UID {
	h := hash(hash(offset, kind), "/")
	h = hash(hash(h, namespace), "/")
	return max(1, hash(h, name))
}

// offset is where FNV-1a begins.
const offset UID = 14695981039346656037

// hash is FNV-1a. Two of 150,000 random texts have the same one with a
// probability of 6 in 10^10.
func hash[text []byte | string](h UID, of text) UID {
	for i := range len(of) {
		h = (h ^ UID(of[i])) * 1099511628211
	}
	return h
}

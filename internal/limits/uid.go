package limits

import "hash/maphash"

// UID is the hash of a metadata.uid, eight bytes instead of 36: a cluster has
// 150,000 pods. 0 is none. It means something in this process only.
type UID uint64

// seed differs from run to run, so that nobody can make two objects one.
var seed = maphash.MakeSeed()

// HashUID hashes a metadata.uid; an empty one is none.
func HashUID(uid []byte) UID {
	if len(uid) == 0 {
		return 0
	}
	return UID(max(1, maphash.Bytes(seed, uid)))
}

// nameID hashes what names an object when its UID is not known.
func nameID(kind, namespace, name string) UID {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, part := range [...]string{kind, "/", namespace, "/", name} {
		_, _ = h.WriteString(part) // never fails
	}
	return UID(max(1, h.Sum64()))
}

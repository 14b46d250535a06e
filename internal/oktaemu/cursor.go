// Cursors of lists: opaque texts that only the list that gave them takes.

package oktaemu

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// cursorSize is that of a place and of its seal, in bytes.
const cursorSize = 16

// cursorOf is the cursor after the item of that place in the list that is asked: the place under a pad, and a seal of
// the list and the place.
func (c *call) cursorOf(seq int) string {
	place := uint64(seq) ^ binary.BigEndian.Uint64(c.listDigest("pad"))
	raw := binary.BigEndian.AppendUint64(nil, place)
	return base64.RawURLEncoding.EncodeToString(append(raw, c.listDigest(string(raw))[:cursorSize-8]...))
}

// after reads the cursor of the query; 0 without one. How Okta answers a cursor that the list did not give is UNVERIFIED;
// that it is refused here shows clients that mangle cursors.
func (c *call) after() (int, *reply) {
	text := c.query.Get("after")
	if text == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != cursorSize || !hmac.Equal(raw[8:], c.listDigest(string(raw[:8]))[:cursorSize-8]) {
		r := invalid("after", "is not a cursor that this list gave")
		return 0, &r
	}
	return int(binary.BigEndian.Uint64(raw) ^ binary.BigEndian.Uint64(c.listDigest("pad"))), nil
}

// listDigest is a digest, keyed by the org, of the list that is asked and of text. The size of a page may change between
// pages.
func (c *call) listDigest(text string) []byte {
	query := c.r.URL.Query()
	query.Del("after")
	query.Del("limit")
	mac := hmac.New(sha256.New, []byte("cursor "+c.s.orgID))
	mac.Write([]byte(c.r.URL.Path + "?" + query.Encode() + "\x00" + text)) // never fails
	return mac.Sum(nil)
}

// A whole org as an org file, and back: what Save writes and the section state of a seed.

package oktaemu

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// SavedState is the state of an org in an org file: every field of everything in it, by the names that it has in this
// program. A version of the program reads what the same version wrote. Of API tokens it has the SHA-256 of their values.
type SavedState struct{ node *yaml.Node }

// UnmarshalYAML keeps the state as it is written; check looks into it.
func (s *SavedState) UnmarshalYAML(n *yaml.Node) error {
	s.node = n
	return nil
}

// MarshalYAML writes the state.
func (s *SavedState) MarshalYAML() (any, error) { return s.node, nil }

// into fills a state that is empty, but for what the section org says.
func (s *SavedState) into(to *state) error {
	if s.node == nil {
		return errors.New("state: it is empty")
	}
	if err := decodeInto(s.node, reflect.ValueOf(to).Elem()); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return to.whole()
}

// whole tells whether what the maps and assignments name is there.
func (s *state) whole() error {
	for userID, groups := range s.memberOf {
		for _, id := range groups {
			if _, there := s.groups.rows[id]; !there {
				return fmt.Errorf("state: user %s is a member of group %s, which is not there", userID, id)
			}
		}
	}
	for groupID, users := range s.membersOf {
		for _, id := range users {
			if _, there := s.users.rows[id]; !there {
				return fmt.Errorf("state: group %s has the member %s, who is not there", groupID, id)
			}
		}
	}
	for digest, id := range s.secrets {
		if _, there := s.tokens.rows[id]; !there {
			return fmt.Errorf("state: the value %s is of token %s, which is not there", digest, id)
		}
	}
	return nil
}

// Save writes the whole org as an org file. New makes of it an org that answers every GET as this one does, at the same
// addresses and times.
func (o *Org) Save(w io.Writer) error {
	data, err := o.saved()
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("saving the emulated org: %w", err)
	}
	return nil
}

func (o *Org) saved() ([]byte, error) {
	settings, node, err := o.describe()
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(struct {
		Org   SeedOrg     `yaml:"org"`
		State *SavedState `yaml:"state"`
	}{settings, &SavedState{node}})
}

// describe returns the two sections of an org file.
func (o *Org) describe() (SeedOrg, *yaml.Node, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	settings := o.seed.Org
	settings.ID, settings.Subdomain, settings.Company, settings.PageSize = o.state.orgID, o.state.subdomain, o.state.company, o.state.pageSize
	settings.Quirks = o.state.quirks
	settings.RateLimit, settings.RateLimits = o.limits.Every, o.limits.Buckets
	settings.PrincipalShare, settings.Concurrency = o.limits.PrincipalShare, o.limits.Concurrency
	settings.Lag, settings.Latency, settings.ClockSkew = o.lag, o.latency, o.offset
	node, err := encodeValue(reflect.ValueOf(o.state).Elem())
	return settings, node, err
}

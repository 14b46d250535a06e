// API service integrations: /integrations/api/v1/api-services. They come with the org file; nothing adds one.

package oktaemu

import (
	"errors"
	"strings"
	"time"
)

// SeedAPIService is an API service integration with the scopes that it was granted.
type SeedAPIService struct {
	Name   string   `yaml:"name"`
	Scopes []string `yaml:"scopes"`
}

func (s SeedAPIService) check() error {
	if s.Name == "" || len(s.Scopes) == 0 {
		return errors.New("an API service has a name and scopes")
	}
	return nil
}

type apiService struct {
	id, name string
	scopes   []string
	created  time.Time
}

func buildAPIServices(s *state, seed Seed) {
	for _, a := range seed.APIServices {
		s.apiServices = append(s.apiServices, apiService{id: oktaID("0oa", "api service", a.Name), name: a.Name, scopes: a.Scopes, created: epoch()})
	}
}

// listAPIServices answers in the shape of Okta's document. The type, the size of a page and who created one are UNVERIFIED.
func (c *call) listAPIServices() reply {
	var items []listed
	for i, a := range c.s.apiServices {
		items = append(items, listed{i + 1, func() obj {
			self := c.base + "/integrations/api/v1/api-services/" + a.id
			return obj{
				"id": a.id, "name": a.name, "type": strings.ToLower(strings.ReplaceAll(a.name, " ", "_")), "grantedScopes": a.scopes,
				"createdAt": stamp(a.created), "createdBy": oktaID("00u", c.s.orgID, "creator of integrations"),
				"_links": obj{"self": href(self), "client": href(c.base + "/oauth2/v1/clients/" + a.id)},
			}
		}})
	}
	return c.linkPage(items, 20, 200)
}

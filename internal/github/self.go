package github

// This file is who the token belongs to, as far as it can be known.

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	gh "github.com/google/go-github/v88/github"
)

// self is the account that the token acts as.
type self struct {
	login string // empty where the token is an installation's and has not acted yet
}

// identity keeps what was learned of the token. Its zero value knows nothing.
type identity struct {
	mu     sync.Mutex
	known  bool
	self   self
	checks map[checkKey]checkID // the check runs that this client made or changed
	mine   map[int64]bool       // the comments that the token was seen to be allowed to change
}

// owns tells whether something by the user is the token's own. Nothing of a deleted account is.
func (s self) owns(login, kind string) bool {
	if s.login == "" {
		return login != "" && kind == "Bot"
	}
	return strings.EqualFold(login, s.login)
}

// whoami asks once who the token belongs to. GitHub refuses an installation token with 403; of an App that the program acts as, the
// installation says it.
func (c *Client) whoami(ctx context.Context) (self, error) {
	c.id.mu.Lock()
	known, is := c.id.known, c.id.self
	c.id.mu.Unlock()
	if known {
		return is, nil
	}
	if c.app != nil {
		login, err := c.app.login(ctx)
		return self{login: login}, err
	}
	user, _, err := c.api.Users.Get(ctx, "")
	switch {
	case status(err) == http.StatusForbidden && isForbidden(err):
		is = self{}
	case err != nil:
		return self{}, err
	case !isLogin(user.GetLogin()):
		return self{}, errors.New("github: the answer does not say whose the token is")
	default:
		is = self{login: user.GetLogin()}
	}
	c.id.mu.Lock()
	defer c.id.mu.Unlock()
	if !c.id.known || c.id.self.login == "" {
		c.id.known, c.id.self = true, is
	}
	return c.id.self, nil
}

// mine keeps that the token may change a comment.
func (c *Client) mine(id int64) {
	c.id.mu.Lock()
	defer c.id.mu.Unlock()
	if c.id.mine == nil {
		c.id.mine = map[int64]bool{}
	}
	c.id.mine[id] = true
}

func (c *Client) isMine(id int64) bool {
	c.id.mu.Lock()
	defer c.id.mu.Unlock()
	return c.id.mine[id]
}

// learn takes over who GitHub says made something that this client has just made.
func (c *Client) learn(user *gh.User) {
	if !isLogin(user.GetLogin()) {
		return
	}
	c.id.mu.Lock()
	defer c.id.mu.Unlock()
	c.id.known, c.id.self = true, self{login: user.GetLogin()}
}

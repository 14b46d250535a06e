package runneremu

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"unicode/utf16"
)

// The limits of annotations: so many of a type in a step, and so long a message. Source: ExecutionContext.cs.
const (
	maxAnnotations = 10
	maxMessage     = 4096 // UTF-16 code units
)

// Annotation is shown on the page of the run.
type Annotation struct {
	Type, Title, File, Line string
	Message                 string // masked
}

// console reads what a stage writes, line by line, and makes the log of it.
type console struct {
	job   *Job
	masks *masker

	mu          sync.Mutex
	raw         strings.Builder // as the program wrote it, without the masks that it asked for
	log         strings.Builder // as the page shows it
	masked      []string        // what the program had masked, in order
	annotations []Annotation
	dropped     map[string]int // annotations beyond the limit, by type
	outputs     []Pair
	state       []Pair
	commands    []Command
	groups      int
	token       string // that ends stop-commands
	echo        bool
	failed      bool // a command could not be carried out
}

// line takes a line. Source: OutputManager.cs.
func (c *console) line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	command, ok := ParseCommand(text, c.token)
	if ok && (c.token == "" || strings.EqualFold(command.Name, c.token)) {
		if command.Name != "add-mask" {
			c.raw.WriteString(text + "\n")
		}
		c.carryOut(text, command)
		return
	}
	c.raw.WriteString(text + "\n")
	c.write(text)
}

func (c *console) write(text string) { c.log.WriteString(c.masks.mask(text) + "\n") }

// carryOut does what a command asks for. Source: ActionCommandManager.cs.
func (c *console) carryOut(text string, command Command) {
	if c.token != "" {
		c.write(text)
		c.token = ""
		return
	}
	c.commands = append(c.commands, command)
	var err error
	switch command.Name {
	case "stop-commands":
		c.write(text)
		if c.token = command.Data; c.token == "" || c.token == "pause-logging" || isCommand(c.token, "") {
			c.token = ""
			err = errors.New("You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.")
		}
	case "add-mask":
		if strings.TrimSpace(command.Data) == "" {
			c.issueLocked("warning", "Can't add secret mask for empty string in ##[add-mask] command.", nil)
			break
		}
		c.masked = append(c.masked, command.Data)
		c.masks.add(command.Data)
	case "error", "warning", "notice":
		c.issueLocked(command.Name, command.Data, command.Properties)
	case "group":
		c.groups++
		c.write("##[group]" + command.Data)
	case "endgroup":
		c.groups--
		c.write("##[endgroup]")
	case "echo":
		if c.echo = strings.EqualFold(strings.TrimSpace(command.Data), "on"); !c.echo && !strings.EqualFold(strings.TrimSpace(command.Data), "off") {
			err = fmt.Errorf("Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '%s'.", command.Data)
		}
	case "set-output", "save-state":
		err = c.keep(command)
	case "set-env", "add-path":
		err = fmt.Errorf("The `%s` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by "+
			"setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`.", command.Name)
	case "add-matcher", "remove-matcher":
		err = errors.New("problem matchers are not emulated")
	}
	if err != nil {
		c.failLocked(fmt.Sprintf("Unable to process command '%s' successfully.", text), err)
	}
}

// keep carries out the commands that GITHUB_OUTPUT and GITHUB_STATE stand in for, and which still work.
func (c *console) keep(command Command) error {
	pair := Pair{command.Properties["name"], command.Data}
	switch {
	case pair.Name == "":
		return fmt.Errorf("Required field 'name' is missing in ##[%s] command.", command.Name)
	case command.Name == "set-output":
		c.outputs = append(c.outputs, pair)
	default:
		c.state = append(c.state, pair)
	}
	return nil
}

// failCommand notes that a command could not be carried out, which fails the step.
func (c *console) failCommand(what string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(what, err)
}

func (c *console) failLocked(what string, err error) {
	c.issueLocked("error", what, nil)
	c.issueLocked("error", err.Error(), nil)
	c.failed = true
}

// issue adds an annotation, and writes it into the log.
func (c *console) issue(kind, message string, properties map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.issueLocked(kind, message, properties)
}

func (c *console) issueLocked(kind, message string, properties map[string]string) {
	c.write("##[" + kind + "]" + message)
	n := 0
	for _, a := range c.annotations {
		if a.Type == kind {
			n++
		}
	}
	if n >= maxAnnotations {
		if c.dropped == nil {
			c.dropped = map[string]int{}
		}
		c.dropped[kind]++
		return
	}
	shown := utf16.Encode([]rune(c.masks.mask(message)))
	c.annotations = append(c.annotations, Annotation{
		Type: kind, Title: properties["title"], File: c.file(properties["file"]), Line: properties["line"],
		Message: string(utf16.Decode(shown[:min(len(shown), maxMessage)])),
	})
}

// file is the path of an annotation, relative to the workspace.
func (c *console) file(name string) string {
	if c.job == nil || name == "" {
		return name
	}
	for _, root := range []string{inWorkspace, c.job.Workspace()} {
		if rest, ok := strings.CutPrefix(path.Clean(name), root+"/"); ok {
			return rest
		}
	}
	return name
}

// splitter hands on whole lines of one of a program's streams.
type splitter struct {
	line    func(string)
	pending []byte
	afterCR bool
}

// Write implements io.Writer. LF, CR and both end a line.
func (s *splitter) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == '\n' && s.afterCR:
			s.afterCR = false
		case b == '\n' || b == '\r':
			s.flush()
			s.afterCR = b == '\r'
		default:
			s.pending, s.afterCR = append(s.pending, b), false
		}
	}
	return len(p), nil
}

func (s *splitter) flush() {
	s.line(strings.ToValidUTF8(string(s.pending), "\ufffd"))
	s.pending = s.pending[:0]
}

// end hands on a last line that nothing ended.
func (s *splitter) end() {
	if len(s.pending) > 0 {
		s.flush()
	}
}

// ReadLog reads the output of a program as that of a stage.
func ReadLog(output string) Result {
	c := &console{masks: &masker{}}
	s := &splitter{line: c.line}
	_, _ = s.Write([]byte(output))
	s.end()
	r := c.result()
	r.Conclusion = "success"
	if c.failed {
		r.Conclusion = "failure"
	}
	return r
}

// result is what the log alone tells.
func (c *console) result() Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Result{
		Raw: c.raw.String(), Log: c.log.String(), Masked: c.masked, Annotations: c.annotations, Dropped: c.dropped, Commands: c.commands,
		OpenGroups: c.groups, Stopped: c.token != "",
	}
}

package runneremu

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// maxSummary is the size up to which a summary is uploaded; a larger one is dropped whole. Source: FileCommandManager.cs.
const maxSummary = 1 << 20

// Pair is a line or a block of a file of outputs, state or variables.
type Pair struct{ Name, Value string }

// ParsePairs reads such a file. What stands before a mistake counts. Source: FileCommandManager.cs, EnvFileKeyValuePairs; on Linux only LF
// ends a line there, so that a CR is part of what it stands in.
func ParsePairs(text string) (pairs []Pair, err error) {
	next := func() (line, end string, ok bool) {
		if text == "" {
			return "", "", false
		}
		line, rest, found := strings.Cut(text, "\n")
		if text = rest; found {
			end = "\n"
		}
		return line, end, true
	}
	for {
		line, _, ok := next()
		if !ok {
			return pairs, nil
		}
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			pairs = append(pairs, Pair{line[:equals], line[equals+1:]})
			continue
		case heredoc < 0:
			return pairs, fmt.Errorf("Invalid format '%s'", line)
		case heredoc == 0 || heredoc+2 == len(line):
			return pairs, fmt.Errorf("Invalid format '%s'. Name must not be empty and delimiter must not be empty", line)
		}
		name, delimiter := line[:heredoc], line[heredoc+2:]
		var value strings.Builder
		for pending := ""; ; {
			line, end, ok := next()
			if ok && line == delimiter {
				break
			}
			if !ok {
				return pairs, fmt.Errorf("Invalid value. Matching delimiter not found '%s'", delimiter)
			}
			if end == "" {
				return pairs, errors.New("Invalid value. EOF marker missing new line.")
			}
			value.WriteString(pending + line)
			pending = end
		}
		pairs = append(pairs, Pair{name, value.String()})
	}
}

// commandFiles are the files of one stage, by what they are for. Each stage has fresh ones. Source: FileCommandManager.cs.
type commandFiles struct {
	paths map[string]string // by the name in the github context
}

func (j *Job) newCommandFiles() (commandFiles, error) {
	suffix := random()
	f := commandFiles{paths: map[string]string{}}
	for name, prefix := range map[string]string{
		"output": "set_output_", "state": "save_state_", "env": "set_env_", "path": "add_path_", "step_summary": "step_summary_",
	} {
		f.paths[name] = j.temp("_runner_file_commands", prefix+suffix)
		if err := os.WriteFile(f.paths[name], nil, 0o644); err != nil {
			return f, fmt.Errorf("making the files of commands: %w", err)
		}
		j.mu.Lock()
		j.own = append(j.own, f.paths[name])
		j.mu.Unlock()
	}
	return f, nil
}

// raw is what the stage left in its files, as it was written, by the name in the github context.
func (f commandFiles) raw() map[string]string {
	out := map[string]string{}
	for name, path := range f.paths {
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			out[name] = string(text)
		}
	}
	return out
}

// process reads what the stage left in its files, whatever became of it. It does so after the commands of the log were carried out, so that a
// file wins over them. Source: ActionRunner.cs, which does it in a finally.
func (f commandFiles) process(s *Step, c *console, r *Result) {
	r.Outputs, r.State, r.Environment = map[string]string{}, map[string]string{}, map[string]string{}
	read := func(name string, take func(Pair)) {
		text, err := os.ReadFile(f.paths[name])
		if errors.Is(err, os.ErrNotExist) {
			return
		}
		var pairs []Pair
		if err == nil {
			pairs, err = ParsePairs(strings.ToValidUTF8(string(text), "\ufffd"))
		}
		for _, p := range pairs {
			take(p)
		}
		if err != nil {
			c.failCommand(fmt.Sprintf("Unable to process file command '%s' successfully.", name), err)
			r.Malformed = append(r.Malformed, name)
		}
	}
	for _, p := range c.outputs {
		r.Outputs[p.Name] = p.Value
	}
	for _, p := range c.state {
		r.State[p.Name] = p.Value
	}
	read("output", func(p Pair) { r.Outputs[p.Name] = p.Value })
	read("state", func(p Pair) { r.State[p.Name] = p.Value })
	read("env", func(p Pair) {
		if strings.EqualFold(p.Name, "NODE_OPTIONS") { // the one that is refused; later steps get any other
			c.issue("error", "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.", nil)
			return
		}
		r.Environment[p.Name] = p.Value
	})
	if text, err := os.ReadFile(f.paths["path"]); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				r.Path = append(r.Path, line)
			}
		}
	}
	r.Summary = f.summary(c, r)
}

// summary returns what is uploaded of the summary: nothing where it is too large, and every line masked.
func (f commandFiles) summary(c *console, r *Result) string {
	text, err := os.ReadFile(f.paths["step_summary"])
	if err != nil || len(text) == 0 {
		return ""
	}
	if r.RawSummary = string(text); len(text) > maxSummary {
		r.SummaryDropped = true
		c.issue("error", fmt.Sprintf("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of %dk, got %dk. For more information see: "+
			"https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary", maxSummary/1024, len(text)/1024), nil)
		return ""
	}
	var out strings.Builder
	for line := range linesOf(string(text)) {
		out.WriteString(c.masks.mask(line) + "\n")
	}
	return out.String()
}
